import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localGround, type GcGround } from '../faults/gc-ground.ts';
import { experimentRow, makeRuns, runRows } from '../faults/gc-records.ts';
import { bareEnvironment } from '../testbeds/bed.ts';
import { mlflowPython } from '../testbeds/mlflow.ts';
import { MLSTOW } from './mlstow-command.ts';

/** Runs a command on a terminal of its own, writes what is typed when it asks, and gives all that the terminal shows. */
const TERMINAL = `
import os, pty, sys
typed = sys.argv[1].encode()
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try: got = os.read(terminal, 4096)
    except OSError: break
    if not got: break
    shown += got
    if typed and b"[y/N]" in shown:
        os.write(terminal, typed); typed = b""
sys.stdout.buffer.write(shown); sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

let ground: GcGround;
let python: string;
beforeAll(async () => {
  [ground, python] = [await localGround(), await mlflowPython()];
  await ground.sql(experimentRow(ground.root));
});
afterAll(() => ground.stop());

async function typing(typed: string, args: readonly string[]) {
  const { cwd } = ground.place;
  const command = [process.execPath, MLSTOW, 'gc', '--backend-store-uri', ground.uri(), ...args];
  const child = spawn(python, ['-c', TERMINAL, typed, ...command], {
    cwd,
    env: { ...bareEnvironment(cwd), NO_COLOR: '1' },
  });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, shown: stripVTControlCharacters(shown).replaceAll('\r', '') };
}

const runs = () => ground.column('SELECT run_uuid FROM runs');

it('shows the plan on a terminal and deletes when the answer is yes', async () => {
  const [run] = makeRuns('asked', 1);
  await ground.sql(runRows([run!], 'deleted', ground.root));
  await ground.fill(run!.files);
  for (const [answer, shows] of [
    ['\n', 'nothing was deleted: the answer was not yes'],
    ['no\n', 'nothing was deleted: the answer was not yes'],
    ['\u0004', '[y/N] \nmlstow: nothing was deleted: nobody answered'],
    ['\u0003', '[y/N] \nmlstow: stopped before anything was deleted'],
  ] as const) {
    const { code, shown } = await typing(answer, ['--run-ids', run!.id]);
    expect(shown).toContain(`would delete run ${run!.id} at ${ground.root}/`);
    expect(shown).toContain(`Delete 1 run in ${ground.uri()}, with all files, for good? [y/N]`);
    expect(shown).toContain(shows);
    expect(code).toBe(answer === '\u0003' ? 130 : 8);
    expect(await runs()).toEqual([run!.id]);
  }
  const yes = await typing('y\n', ['--run-ids', run!.id]);
  expect([yes.code, yes.shown]).toEqual([0, expect.stringContaining(`deleted run ${run!.id}`)]);
  expect(await runs()).toEqual([]);
  expect(await ground.files()).toEqual([]);
});

it('asks nothing on a terminal with --yes, and where nothing would go', async () => {
  const [run] = makeRuns('not asked', 1);
  await ground.sql(runRows([run!], 'deleted', ground.root));
  await ground.fill(run!.files);
  expect((await typing('', ['--all-deleted', '--older-than', '30000d'])).code).toBe(0);
  const { code, shown } = await typing('', ['--all-deleted', '--yes']);
  expect([code, shown]).toEqual([0, expect.not.stringContaining('[y/N]')]);
  expect(await runs()).toEqual([]);
});
