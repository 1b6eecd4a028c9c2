import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { mustRunCli, runCli, type CliResult } from '../cli/run-cli.ts';

/** What a failed command must say. */
export interface Told {
  readonly code: number;
  /** What the one sentence must contain. */
  readonly says: readonly (string | RegExp)[];
  /** What the hint must contain; undefined where the sentence says it all, and a hint may be missing. */
  readonly hint: string | RegExp | undefined;
}

const RETRY = /; trying again (at once|in \d+\.\d s) \(\d+ of \d+\)$/;

/** Checks that a command failed with one sentence and one hint, and said nothing else but that it tried again. */
export function expectTold(result: Pick<CliResult, 'code' | 'stdout' | 'stderr'>, told: Told): void {
  expect(result, result.stderr).toMatchObject({ code: told.code, stdout: '' });
  const lines = result.stderr.trimEnd().split('\n');
  const [sentence = '', hint, ...rest] = lines.filter((line) => !RETRY.test(line));
  expect(sentence).toMatch(/^mlstow: [^\n]*[^.]\.$/);
  for (const part of told.says) expect(sentence).toMatch(part);
  if (told.hint !== undefined || hint !== undefined) {
    expect(hint, sentence).toMatch(/^ {2}\S.*[^.]\.$/);
    expect(hint).toMatch(told.hint ?? '');
  }
  expect(rest).toEqual([]);
}

/** Every file below a folder with its digest, but for the side files that SQLite's readers leave and its writers remove. */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.db-(shm|wal)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return found;
}

/** A folder with a database, a run with one artifact, and a file to log. */
export interface Workplace {
  readonly cwd: string;
  readonly runId: string;
  readonly experimentId: string;
  /** Runs a command that must fail as told, twice (as text and as JSON), and must change nothing. */
  fails(args: readonly string[], told: Told, env?: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

/** The error is one line of JSON; a transfer that began also reports its files on stdout. */
function expectJson(result: CliResult, code: number): void {
  expect(result, result.stderr).toMatchObject({ code });
  const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  const { error } = JSON.parse(last) as { error: Record<string, string> };
  expect(Object.keys(error)).toEqual(expect.arrayContaining(['code', 'message', 'subject']));
}

/** Makes a workplace whose commands try once more at most. */
export async function makeWorkplace(): Promise<Workplace> {
  const cwd = await mkdtemp(join(tmpdir(), 'mlstow-errors-'));
  await writeFile(join(cwd, 'file'), 'bytes');
  const at = { cwd };
  const experimentId = (await mustRunCli(['experiments', 'create', '-n', 'taken', '-q'], at)).trim();
  const create = ['runs', 'create', '-x', experimentId, '--status', 'running', '-q'];
  const runId = (await mustRunCli(create, at)).trim();
  await mustRunCli(['artifacts', 'log', 'file', '-r', runId], at);
  const run = async (args: readonly string[], env: Readonly<Record<string, string>>) =>
    runCli(args, { cwd, env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1', ...env } });
  return {
    cwd,
    runId,
    experimentId,
    fails: async (args, told, env = {}) => {
      const before = await contentOf(cwd);
      expectTold(await run(args, env), told);
      expectJson(await run([...args, '--output', 'json'], env), told.code);
      expect(await contentOf(cwd)).toEqual(before);
    },
    remove: async () => rm(cwd, { recursive: true }),
  };
}
