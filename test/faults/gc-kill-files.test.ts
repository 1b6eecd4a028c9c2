import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runMlstow } from '../interop/mlstow-command.ts';
import { fileGround, type GcFileGround } from './gc-file-ground.ts';
import { atRandom } from './seeded.ts';
import { startMlstow } from './signals-command.ts';

const KILLS = process.env['MLSTOW_SOAK'] === undefined ? 3 : 50;
const DELETED = 200;
/** The time in which gc starts and makes its plan, in ms. */
const PLANNING_MS = 1_000;
const GC = ['gc', '--all-deleted', '--yes'];

let ground: GcFileGround;
beforeAll(async () => {
  ground = await fileGround(DELETED);
});
afterAll(() => ground.stop());

/** Files of what is to go: artifacts, descriptions, tags. */
async function goingFiles(): Promise<readonly string[]> {
  return [...(await ground.contents()).keys()].filter((path) => !ground.staying.has(path));
}

/** Every fifth is killed while it plans, the others as soon as some file of what is to go is gone. */
async function kill(turn: number, random: () => number, report: string): Promise<boolean> {
  const files = await goingFiles();
  const file = ground.at(files[Math.floor(random() * files.length)] ?? '');
  const running = startMlstow([...GC, '--report', report], ground.place);
  if (turn % 5 === 4) await wait(random() * PLANNING_MS);
  else
    for (let over = false; !over && existsSync(file);)
      over = await Promise.race([running.ended.then(() => true), wait(1).then(() => false)]);
  running.send('SIGKILL');
  return (await running.ended).code === -1;
}

/** Whose folder a file of what is to go is in, and where in it. */
function ownerOf(path: string): { readonly folder: string; readonly rest: string } | undefined {
  const [, folder = '', rest = ''] =
    /^((?:\.trash\/)?\d+\/(?:models\/)?(?:m-)?[0-9a-f]{32})\/(.*)$/.exec(path) ?? [];
  return folder === '' ? undefined : { folder, rest };
}

async function toldAsDeleted(report: string): Promise<readonly string[]> {
  const text = await readFile(report, 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  const items = lines.map((line) => JSON.parse(line) as Record<string, string>);
  return items.filter(({ action }) => action === 'delete').map(({ id }) => id ?? '');
}

it(`finishes what was killed at ${KILLS} moments in a file store: what stays is whole, nothing is left`, async () => {
  const report = join(ground.place.cwd, 'report.jsonl');
  let interrupted = 0;
  await atRandom('gc kill files', KILLS, async (random, turn) => {
    await ground.reset();
    await rm(report, { force: true });
    if (await kill(turn, random, report)) interrupted += 1;
    const left = await ground.contents();
    const kept = new Map([...left].filter(([path]) => ground.staying.has(path)));
    expect(kept).toEqual(ground.staying);
    for (const path of left.keys()) {
      const owner = ownerOf(path);
      // Its files are never there without the row that the next gc, or a person who restores it, finds.
      if (owner?.rest.startsWith('artifacts/')) expect(left.has(`${owner.folder}/meta.yaml`)).toBe(true);
    }
    for (const id of await toldAsDeleted(report))
      expect([...left.keys()].filter((path) => path.includes(`/${id}/`))).toEqual([]);

    const again = await runMlstow(GC, ground.place);
    expect(again.code).toBe(0);
    // The only line tells that stock MLflow has deprecated file stores.
    expect(again.stderr).toMatch(/^warning: .* is a file store, .*\n$/);
    expect(await ground.contents()).toEqual(ground.staying);
    expect(ground.going.filter((folder) => existsSync(ground.at(folder)))).toEqual([]);
  });
  expect(interrupted).toBeGreaterThan(0);
}, 1_800_000);
