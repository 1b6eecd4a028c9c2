import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../src/artifacts/stores/local/store.ts';
import { parseLocation } from '../../../src/core/location.ts';
import { emptySubtree, nothingRemoved } from '../../../src/gc/empty-subtree.ts';
import { subtreeOf } from '../../../src/gc/place.ts';

const RUN = '0123456789abcdef0123456789abcdef';
const io = { signal: new AbortController().signal };
let base = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'mlstow-empty-'));
});
afterEach(async () => rm(base, { recursive: true }));

/** A real folder as a store that notes what it is asked. */
function watched(stat: 'request' | 'lists-parent' = 'request') {
  const store = openLocalStore(base);
  const asked: string[] = [];
  const noting: ArtifactStore = {
    ...store,
    traits: { ...store.traits, stat },
    stat: async (path, inner) => {
      asked.push(`stat ${path.replace(RUN, 'RUN')}`);
      return store.stat(path, inner);
    },
    list: (under, options, inner) => {
      asked.push('list');
      return store.list(under, options, inner);
    },
    remove: async (batch, inner) => {
      asked.push(`remove ${batch.length}`);
      return store.remove(batch, inner);
    },
  };
  let looks = 0;
  const empty = async () => {
    const subtree = subtreeOf('run', RUN, '1', parseLocation(`${base}/${RUN}/artifacts`));
    const removed = nothingRemoved();
    const readAgain = async (): Promise<void> => {
      looks += 1;
      return Promise.resolve();
    };
    return { found: await emptySubtree(noting, subtree, readAgain, removed, io), removed, looks };
  };
  return { asked, empty };
}

it('looks once where the folder of the run is not there', async () => {
  const { asked, empty } = watched();
  expect(await empty()).toMatchObject({ found: false, looks: 0 });
  expect(asked).toEqual(['stat RUN']);
});

it('never looks for one folder where that lists all of them', async () => {
  const { asked, empty } = watched('lists-parent');
  expect(await empty()).toMatchObject({ found: false });
  expect(asked).not.toContain('stat RUN');
});

it('removes files, unfinished ones and folders, and what held them', async () => {
  await mkdir(join(base, RUN, 'artifacts', 'deep'), { recursive: true });
  for (const name of ['a', 'deep/b', '.artifact.uploading.mlstow-0123456789abcdef'])
    await writeFile(join(base, RUN, 'artifacts', name), 'x');
  const { empty } = watched();
  expect(await empty()).toMatchObject({ found: true, removed: { objects: 2 } });
  expect(await readdir(base)).toEqual([]);
});

it('reads the row again before an empty folder goes, and before one of unfinished files', async () => {
  await mkdir(join(base, RUN, 'artifacts'), { recursive: true });
  expect(await watched().empty()).toMatchObject({ found: true, looks: 1 });
  await mkdir(join(base, RUN, 'artifacts'), { recursive: true });
  await writeFile(join(base, RUN, 'artifacts', '.artifact.uploading.x'), 'x');
  expect(await watched().empty()).toMatchObject({ found: true, looks: 1, removed: { objects: 0, bytes: 1 } });
  expect(await readdir(base)).toEqual([]);
});

it('tidies the empty folder of a run that an earlier gc emptied', async () => {
  await mkdir(join(base, RUN));
  expect(await watched().empty()).toMatchObject({ found: false });
  expect(await readdir(base)).toEqual([]);
});
