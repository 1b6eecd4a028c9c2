import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { commands } from '../../src/cli/commands/index.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/global-options.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const files = ['examples/cron', 'examples/kubernetes'].flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
);
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Every flag of a command, and those of all commands. */
function flagsOf(name: string): ReadonlySet<string> {
  const command = commands.find((each) => each.name === name);
  const options = [...Object.values(command?.options ?? {}), ...Object.values(GLOBAL_OPTIONS)];
  return new Set(options.flatMap(({ flags }) => flags.split(/[ ,]+/).filter((part) => part.startsWith('-'))));
}

it.each(files.filter((file) => file.endsWith('.sh')))('%s is a script that bash reads', (file) => {
  expect(execFileSync('bash', ['-n', join(ROOT, file)], { encoding: 'utf8' })).toBe('');
});

it.each(files.filter((file) => file.endsWith('.yaml')))('%s is of kinds that Kubernetes knows', (file) => {
  const documents = parseAllDocuments(textOf(file));
  for (const document of documents) {
    expect(document.errors).toEqual([]);
    const { apiVersion, kind } = document.toJS() as Record<string, string>;
    expect(['batch/v1 CronJob', 'batch/v1 Job', 'v1 PersistentVolumeClaim']).toContain(
      `${apiVersion} ${kind}`,
    );
  }
});

it.each(files)('%s uses flags that there are', (file) => {
  const text = textOf(file);
  const known = flagsOf('gc');
  const used = text
    .split(/^---$/m)
    .flatMap((part) => part.split(/\bmlstow gc\b|command: \[mlstow\]/).slice(1))
    // As far as the command goes: to the end of a line that is not continued, or of a list.
    .flatMap((call) => /^(?:[^\n]*\\\n)*[^\n]*|/.exec(call)?.[0].match(/--[a-z][a-z-]*/g) ?? []);
  const listed = [...text.matchAll(/^ +- (--[a-z][a-z-]*)/gm)].map(([, flag]) => flag ?? '');
  expect([...used, ...listed].filter((flag) => !known.has(flag))).toEqual([]);
  if (/\.(sh|yaml)$/.test(file)) expect(used.length + listed.length).toBeGreaterThan(2);
});
