import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { mustRun } from '../../testbeds/run-command.ts';
import { mustRunCli, runCli } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const COMMITTED = join(import.meta.dirname, '..', '..', '..', 'completions');

let cwd: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
});

describe('completion', () => {
  test.each([
    ['bash', 'mlstow.bash'],
    ['zsh', '_mlstow'],
    ['fish', 'mlstow.fish'],
  ])('%s prints the committed script, in text and with -q', async (shell, file) => {
    const committed = await readFile(join(COMMITTED, file), 'utf8');
    expect(await mustRunCli(['completion', shell], { cwd })).toBe(committed);
    expect(await mustRunCli(['completion', shell, '-q', '--verbose'], { cwd })).toBe(committed);
    const json = await mustRunCli(['completion', shell, '--output', 'json'], { cwd });
    expect(JSON.parse(json)).toEqual({ schema: 'mlstow.completion/1', shell, script: committed });
  });

  test('an unknown shell is a usage error that names the known ones', async () => {
    const result = await runCli(['completion', 'tcsh'], { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('bash, zsh, fish');
  });
});

const ASK = `
source "$1"; line="$2"; shift 2
COMP_LINE="$line"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_mlstow
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** The words that bash makes of a line: it cuts at blanks, `=` and `:`, and leaves quotes where they are. */
function cutByBash(line: string): readonly string[] {
  const words = line.match(/(?:\\.|"[^"]*"?|[^\s=:"\\])+|[=:]/g) ?? [];
  return /\s$/.test(line) ? [...words, ''] : words;
}

/** What bash offers for the last word of a line. */
async function offeredFor(
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const script = join(COMMITTED, 'mlstow.bash');
  const { stdout, stderr } = await mustRun(
    'bash',
    ['--norc', '-uc', ASK, 'bash', script, line, ...cutByBash(line)],
    {
      cwd,
      env: { ...process.env, ...env },
    },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((each) => each !== '');
}

/** What bash offers for the last of these words, none of which it cuts. */
async function offered(...words: string[]): Promise<readonly string[]> {
  return offeredFor(['mlstow', ...words].join(' '));
}

describe('in bash', () => {
  beforeEach(async () => {
    await mkdir(join(cwd, 'models'));
    await writeFile(join(cwd, 'model with spaces.pkl'), '');
  });

  test('nouns, verbs and aliases, without files', async () => {
    expect(await offered('art')).toEqual(['artifacts']);
    expect(await offered('artifacts', '')).toEqual([
      'log',
      'log-artifact',
      'log-artifacts',
      'list',
      'download',
      'verify',
    ]);
    expect(await offered('runs', 'de')).toEqual(['describe', 'delete']);
  });

  test('the options of a command and the global ones', async () => {
    expect(await offered('artifacts', 'log', '--n')).toEqual(['--name', '--no-resume', '--no-progress']);
    expect(await offered('artifacts', 'list', '--rec')).toEqual(['--recursive']);
    expect(await offered('resolve', '--tr')).toEqual(['--trust-artifact-host', '--tracking-uri']);
  });

  test('the values of an option, and nothing else', async () => {
    expect(await offered('artifacts', 'list', '--output', '')).toEqual(['text', 'table', 'json', 'jsonl']);
    expect(await offered('artifacts', 'list', '--output', 'js')).toEqual(['json', 'jsonl']);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
  });

  test('files, also with spaces, where a file may stand', async () => {
    expect([...(await offered('artifacts', 'log', 'mod'))].sort()).toEqual([
      'model with spaces.pkl',
      'models',
    ]);
    expect(await offeredFor('mlstow artifacts log-artifact -l model\\ w')).toEqual([]);
  });

  test('every name that is offered is one that the program knows', async () => {
    for (const noun of (await offered('')).filter((word) => !word.startsWith('-'))) {
      expect(await runCli([noun, '--help'], { cwd })).toMatchObject({ code: 0 });
      const verbs = await offered(noun, '');
      if (verbs.some((verb) => verb.startsWith('-'))) continue;
      for (const verb of verbs) {
        const { code, stdout } = await runCli([noun, verb, '--help'], { cwd });
        expect(code).toBe(0);
        for (const flag of await offered(noun, verb, '--')) expect(stdout).toContain(flag);
      }
    }
  });
});
