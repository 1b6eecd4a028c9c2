import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../../testbeds/hdfs-store.ts';
import { proves } from '../proves.ts';
import { freshRoot } from './bed.ts';
import { throughLayers } from './open-case.ts';
import { at, inParallel, put } from './pattern.ts';

/** Several of a name node's own batches (`dfs.ls.limit`, 1000), and of our pages; the full count is soaked. */
const MANY = process.env['MLSTOW_SOAK'] === undefined ? 2_500 : 10_000;
const PATIENCE_MS = 900_000;

let bed: HdfsBed;

beforeAll(async () => {
  bed = await startHdfs();
  await makeHome(bed, '/many');
});
afterAll(async () => bed.stop());

test(
  `${MANY} entries under one prefix are written, listed in pages and removed in batches`,
  async (context) => {
    const root = freshRoot();
    const case_ = throughLayers(await hdfsStoreAt(bed, `/many/${root}`), root);
    const names = Array.from({ length: MANY }, (_, i) => `one/f${String(i).padStart(5, '0')}`);
    const tasks = names.map((name) => async () => put(case_, name, ''));
    await inParallel(case_.store.traits.connections, tasks);

    let seen = 0;
    const before = process.memoryUsage().heapUsed;
    for await (const page of case_.store.list(at('one'), { recursive: true }, case_.io)) {
      expect(page.length).toBeLessThanOrEqual(1_000);
      for (const { path } of page) expect(path).toBe(names[seen++]);
    }
    expect(seen).toBe(MANY);
    // A directory is held while it is sorted: a few hundred bytes for each entry, whatever the pages.
    expect((process.memoryUsage().heapUsed - before) / MANY).toBeLessThan(16_384);

    const undone = await case_.store.remove(
      [
        ...names.map((name) => ({ path: at(name), kind: 'file' }) as const),
        { path: at('one'), kind: 'directory' },
      ],
      case_.io,
    );
    expect(undone).toEqual([]);
    expect(await namesBelow(bed, `/many/${root}`)).toEqual([]);
    const operations = ['write', 'list', 'delete'] as const;
    await proves(context, { bed: 'WebHDFS', scheme: 'hdfs', operations });
  },
  PATIENCE_MS,
);
