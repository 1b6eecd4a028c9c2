import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMlstow } from '../interop/mlstow-command.ts';
import { localGround, servedGround, type GcGround } from './gc-ground.ts';
import { makeRecords, type Made } from './gc-records.ts';
import { atRandom } from './seeded.ts';
import { startMlstow } from './signals-command.ts';

const KILLS = process.env['MLSTOW_SOAK'] === undefined ? 3 : 50;
const COUNTS = { deleted: 200, live: 20, needed: 10 };
/** The time in which gc starts and makes its plan, in ms. */
const PLANNING_MS = 1_000;

const GROUNDS: readonly (readonly [string, () => Promise<GcGround>])[] = [
  ['SQLite and a folder', localGround],
  ...(KILLS > 3 ? [['PostgreSQL and S3', servedGround] as const] : []),
];

const runOf = (path: string): string => path.split('/')[1] ?? '';

describe.each(GROUNDS)('gc on %s', (_name, start) => {
  let ground: GcGround;
  let made: Made;
  let staying: readonly string[];
  beforeAll(async () => {
    ground = await start();
    made = await makeRecords(ground, COUNTS);
    staying = [...made.live, ...made.needed].flatMap(({ files }) => files).sort();
  });
  afterAll(() => ground.stop());

  const gc = (...more: string[]): string[] => [
    'gc',
    '--backend-store-uri',
    ground.uri(),
    '--older-than',
    '1d',
    ...more,
  ];
  const runs = () => ground.column('SELECT run_uuid FROM runs');

  /** Every fifth is killed while it plans, the others when some share of the files is gone. */
  const kill = async (turn: number, random: () => number, report: string): Promise<boolean> => {
    const running = startMlstow(gc('--report', report), ground.place);
    const all = staying.length + made.deleted.length * 3;
    if (turn % 5 === 4) await wait(random() * PLANNING_MS);
    else {
      const few = staying.length + Math.ceil((all - staying.length) * random());
      for (let over = false; !over && (await ground.files()).length > few;)
        over = await Promise.race([running.ended.then(() => true), wait(2).then(() => false)]);
    }
    running.send('SIGKILL');
    return (await running.ended).code === -1;
  };

  it(`finishes what was killed at ${KILLS} moments: nothing that stays is touched, nothing is left`, async () => {
    const report = join(ground.place.cwd, 'report.jsonl');
    let interrupted = 0;
    await atRandom('gc kill', KILLS, async (random, turn) => {
      await ground.reset();
      await rm(report, { force: true });
      if (await kill(turn, random, report)) interrupted += 1;
      const rows = new Set(await runs());
      const files = await ground.files();
      expect(files.filter((path) => !rows.has(runOf(path)))).toEqual([]);
      expect(files.filter((path) => staying.includes(path)).sort()).toEqual(staying);
      const told = await readFile(report, 'utf8').catch(() => '');
      for (const line of told.split('\n').slice(0, -1)) {
        const { kind, id, action } = JSON.parse(line) as Record<string, string>;
        if (kind === 'run' && action === 'delete') expect(rows.has(id ?? '')).toBe(false);
      }

      const again = await runMlstow(gc('--output', 'jsonl'), ground.place);
      expect(again.stderr).toBe('');
      expect(again.code).toBe(0);
      expect((await runs()).toSorted()).toEqual([...made.live, ...made.needed].map(({ id }) => id).sort());
      expect((await ground.files()).toSorted()).toEqual(staying);
      for (const table of ['params', 'tags', 'metrics']) {
        const left = await ground.column(`SELECT DISTINCT run_uuid FROM ${table}`);
        expect(left).toHaveLength(COUNTS.live + COUNTS.needed);
      }
    });
    expect(interrupted).toBeGreaterThan(0);
  }, 1_800_000);
});
