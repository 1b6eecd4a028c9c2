import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { mustRun } from '../../testbeds/run-command.ts';
import { mustRunCli, runCli, type CliResult } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** The time of every look; a busy machine makes no answer old. */
const NOW = Date.now();

let cwd: string;
let run: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  await mustRunCli(['experiments', 'create', '-n', 'churn model'], { cwd });
  run = (await mustRunCli(['runs', 'create', '-x', '1', '--run-name', 'first', '-q'], { cwd })).trim();
  await mkdir(join(cwd, 'model/deep'), { recursive: true });
  await writeFile(join(cwd, 'model/deep/w.bin'), 'weights');
  await mustRunCli(['artifacts', 'log', 'model', '-r', run], { cwd });
});

/** What the records say, however long it takes; kept for those who have no time. */
async function look(...words: readonly string[]): Promise<readonly string[]> {
  return (await mustRunCli(['__look-again', ...words], { cwd, clock: { ...systemClock, now: () => NOW } }))
    .split('\n')
    .slice(0, -1);
}

describe('what the records know completes', () => {
  test('experiments by id and by name, deleted ones where they are restored', async () => {
    expect(await look('experiments', 'get', '-x', '')).toEqual([
      `1\tchurn model, ${cwd}/mlruns/1`,
      `0\tDefault, ${cwd}/mlruns/0`,
    ]);
    expect(await look('experiments', 'get', '-n', 'churn m')).toEqual(['churn model\tid 1']);
    await mustRunCli(['experiments', 'delete', '-x', '1'], { cwd });
    expect(await look('experiments', 'restore', '-x', '')).toEqual([`1\tchurn model, ${cwd}/mlruns/1`]);
  });

  test('runs, by what begins the id, in the experiment that is named, and after an equals sign', async () => {
    const shown = `${run}\tfirst, finished`;
    expect(await look('artifacts', 'list', '-r', '')).toEqual([shown]);
    expect(await look('artifacts', 'list', '--recursive', `--run-id=${run.slice(0, 3)}`)).toEqual([
      `--run-id=${shown}`,
    ]);
    expect(await look('runs', 'create', '-x', '0', '--parent-run-id', '')).toEqual([]);
    expect(await look('runs', 'describe', '-r', 'zz')).toEqual([]);
  });

  test('artifact paths of the run that is named, a folder at a time', async () => {
    expect(await look('artifacts', 'list', '-r', run, '-a', '')).toEqual(['model/']);
    expect(await look('artifacts', 'list', '-r', run, '-a', 'model/')).toEqual(['model/deep/']);
    expect(await look('artifacts', 'download', `--run-id=${run}`, '-a', 'model/deep/w')).toEqual([
      'model/deep/w.bin\t7 bytes',
    ]);
  });

  test('targets: a run, or an experiment by its name', async () => {
    expect(await look('resolve', '')).toEqual([`${run}\tfirst, finished`, 'experiment:\tby its name']);
    expect(await look('resolve', 'experiment:ch')).toEqual(['experiment:churn model\tid 1']);
  });

  test('nothing for a word that is none of these', async () => {
    expect(await look('artifacts', 'log', '')).toEqual([]);
    expect(await look('artifacts', 'list', '--output', '')).toEqual([]);
    expect(await look('nonsense', '-r', '')).toEqual([]);
    expect(await look()).toEqual([]);
  });

  test('a name that a terminal would act on is not offered', async () => {
    await mustRunCli(['experiments', 'create', '-n', 'red \u001B[31m'], { cwd });
    expect(await look('experiments', 'get', '-n', 'r')).toEqual([]);
  });
});

/** Asks as a shell does, at a time; tells also what was started behind its back. */
async function ask(
  words: readonly string[],
  more: { readonly later?: number; readonly uri?: string } = {},
): Promise<CliResult & { readonly started: readonly (readonly string[])[] }> {
  const started: (readonly string[])[] = [];
  const result = await runCli(['__complete', ...words], {
    cwd,
    clock: { ...systemClock, now: () => NOW + (more.later ?? 0) },
    inBackground: (args) => started.push(args),
    ...(more.uri === undefined ? {} : { env: { MLFLOW_TRACKING_URI: more.uri } }),
  });
  return { ...result, started };
}

const NAMES = ['experiments', 'get', '-n', ''];

describe('a shell is answered at once', () => {
  test('with what was found before; what is old is looked up again behind its back, once', async () => {
    await look(...NAMES);
    await mustRunCli(['experiments', 'create', '-n', 'newer'], { cwd });
    expect(await ask(NAMES)).toMatchObject({ stdout: 'churn model\tid 1\nDefault\tid 0\n', started: [] });
    const old = await ask(NAMES, { later: 10_000 });
    expect(old.stdout).not.toContain('newer');
    expect(old.started).toEqual([['__look-again', ...NAMES]]);
    expect((await ask(NAMES, { later: 11_000 })).started).toEqual([]);
    await look(...NAMES);
    expect((await ask(NAMES)).stdout).toContain('newer\tid 2');
  });

  test('with nothing by a server that says nothing', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const first = await ask(NAMES, { uri });
    expect(first).toMatchObject({ code: 0, stdout: '', stderr: '', started: [['__look-again', ...NAMES]] });
    expect((await ask(NAMES, { uri })).started).toEqual([]);
  });

  test('answers of one tracking server are not given for another; files are for this user alone', async () => {
    await look(...NAMES);
    const other = await ask(NAMES, { uri: `sqlite:///${cwd}/absent.db` });
    expect(other.stdout).toBe('');
    const folder = join(cwd, '.cache/mlstow/completion');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(folder))
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });
});

const ASK = `
source completions/mlstow.bash
cd "$1"; COMP_LINE="$2"; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
run=$RUN
_mlstow
printf '%s\\n' "\${COMPREPLY[@]}"
`;

describe('bash asks the program', () => {
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    const bin = join(cwd, 'bin');
    await mkdir(bin);
    await writeFile(
      join(bin, 'mlstow'),
      `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/bin/mlstow.js" "$@"\n`,
    );
    await chmod(join(bin, 'mlstow'), 0o755);
    env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: cwd, RUN: run };
  });

  async function offered(line: string, ...words: string[]): Promise<readonly string[]> {
    const args = ['--norc', '-uc', ASK, 'bash', cwd, line, ...words];
    const { stdout, stderr } = await mustRun('bash', args, { cwd: ROOT, env });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((each) => each !== '');
  }

  test('for names with blanks, quoted or not, as the line needs them', async () => {
    await look('experiments', 'get', '-n', '');
    const at = ['mlstow', 'experiments', 'get', '-n'];
    expect(await offered('mlstow experiments get -n ch', ...at, 'ch')).toEqual(['churn\\ model']);
    expect(await offered('mlstow experiments get -n churn\\ m', ...at, 'churn\\ m')).toEqual([
      'churn\\ model',
    ]);
    expect(await offered('mlstow experiments get -n "ch', ...at, '"ch')).toEqual(['churn model']);
  });

  test('where bash cuts a word: at = and :', async () => {
    await look('artifacts', 'list', '-r', '');
    await look('resolve', 'experiment:');
    const list = ['mlstow', 'artifacts', 'list', '--run-id'];
    expect(await offered('mlstow artifacts list --run-id=', ...list, '=')).toEqual([run]);
    expect(
      await offered(`mlstow artifacts list --run-id=${run.slice(0, 4)}`, ...list, '=', run.slice(0, 4)),
    ).toEqual([run]);
    expect(
      await offered('mlstow resolve experiment:ch', 'mlstow', 'resolve', 'experiment', ':', 'ch'),
    ).toEqual(['churn\\ model']);
  });

  test('with the variables of the line filled in', async () => {
    await look('artifacts', 'list', '-r', run, '-a', '');
    const line = 'mlstow artifacts list -r $run -a m';
    expect(await offered(line, ...line.split(' '))).toEqual(['model/']);
    const glued = 'mlstow artifacts list --run-id="$run" -a m';
    expect(await offered(glued, 'mlstow', 'artifacts', 'list', '--run-id', '=', '"$run"', '-a', 'm')).toEqual(
      ['model/'],
    );
  });

  test('and is silent when that fails', async () => {
    env['MLFLOW_TRACKING_URI'] = 'http://127.0.0.1:1';
    expect(await offered('mlstow artifacts list -r ', 'mlstow', 'artifacts', 'list', '-r', '')).toEqual([]);
    env['PATH'] = process.env['PATH'] ?? '';
    expect(await offered('mlstow artifacts list -r ', 'mlstow', 'artifacts', 'list', '-r', '')).toEqual([]);
  });
});
