import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareEnvironment, bedFolder } from '../testbeds/bed.ts';
import { completedByFish, completedByZsh, type ShellPlace } from '../testbeds/shells.ts';
import { askMlstow, MLSTOW, mustRunMlstow } from './mlstow-command.ts';

const COMPLETIONS = join(import.meta.dirname, '..', '..', 'completions');

let place: ShellPlace;
let run = '';

/** Looks up what completes a line, however long that takes: shells are then answered with it. */
async function look(...words: readonly string[]): Promise<void> {
  await mustRunMlstow(['__look-again', ...words], { cwd: place.cwd, env: {} });
}

beforeAll(async () => {
  const cwd = await bedFolder('shells');
  await mkdir(join(cwd, 'bin'));
  const command = join(cwd, 'bin', 'mlstow');
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${MLSTOW}" "$@"\n`);
  await chmod(command, 0o755);
  const bare = bareEnvironment(cwd);
  place = { cwd, env: { ...bare, TERM: 'dumb', PATH: `${join(cwd, 'bin')}:${bare['PATH'] ?? ''}` } };
  const here = { cwd, env: {} };
  await askMlstow(['experiments', 'create', '-n', 'churn model'], here);
  run = await askMlstow(['runs', 'create', '-x', '1', '--run-name', 'first'], here);
  await mkdir(join(cwd, 'model'));
  await writeFile(join(cwd, 'model', 'w.bin'), 'weights');
  await mustRunMlstow(['artifacts', 'log', 'model', '-r', run], here);
  await look('experiments', 'get', '-n', '');
  await look('artifacts', 'list', '-r', '');
  await look('artifacts', 'list', '-r', run, '-a', '');
  await look('artifacts', 'list', '-r', run, '-a', 'model/');
});

afterAll(async () => {
  await rm(place.cwd, { recursive: true, maxRetries: 5 });
});

describe('fish', () => {
  const offered = async (line: string) => completedByFish(line, join(COMPLETIONS, 'mlstow.fish'), place);

  test('offers what is recorded, and what the program declares', async () => {
    expect(await offered('mlstow experiments get -n ch')).toEqual(['churn model\tid 1']);
    expect(await offered('mlstow artifacts list -r ')).toEqual([`${run}\tfirst, finished`]);
    expect(await offered(`mlstow artifacts list --run-id=${run.slice(0, 4)}`)).toEqual([
      `--run-id=${run}\tfirst, finished`,
    ]);
    expect(await offered(`mlstow artifacts list -r ${run} -a model/`)).toEqual(['model/w.bin\t7 bytes']);
    const modes = await offered('mlstow artifacts list --output j');
    expect(modes.map((each) => each.split('\t')[0])).toEqual(['json', 'jsonl']);
  });
});

describe('zsh', () => {
  const ran = async (line: string) => completedByZsh(line, COMPLETIONS, place);

  test('puts what is recorded into the line, as it must be quoted there', async () => {
    expect(await ran('mlstow experiments get -n ch')).toEqual(['experiments', 'get', '-n', 'churn model']);
    expect(await ran(`mlstow artifacts list --run-id=${run.slice(0, 4)}`)).toEqual([
      'artifacts',
      'list',
      `--run-id=${run}`,
    ]);
    expect(await ran(`mlstow artifacts list -r ${run} -a model/`)).toEqual([
      ...['artifacts', 'list', '-r', run, '-a', 'model/w.bin'],
    ]);
  });

  test('completes flags and their values', async () => {
    expect(await ran('mlstow artifacts list --recur')).toEqual(['artifacts', 'list', '--recursive']);
    expect(await ran('mlstow artifacts list --output jsonl')).toEqual([
      ...['artifacts', 'list', '--output', 'jsonl'],
    ]);
  });
});
