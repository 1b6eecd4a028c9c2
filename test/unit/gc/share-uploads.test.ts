import { expect, it } from 'vitest';
import type { ArtifactStore, Unfinished } from '../../../src/artifacts/store.ts';
import { parseArtifactPath, type ArtifactPath, type Under } from '../../../src/core/artifact-path.ts';
import { shareUploads } from '../../../src/gc/share/share-uploads.ts';
import { createMemoryStore } from '../../conformance/artifact-store/memory-store.ts';

const io = { signal: new AbortController().signal };
const place = (run: number): ArtifactPath => parseArtifactPath(`r${run}/artifacts`);
const upload = (path: string): Unfinished => ({ path: parseArtifactPath(path), token: path });

/** A store with uploads, which notes where they were listed. */
function storeWith(uploads: readonly Unfinished[], { wide = true, fail = false } = {}) {
  const listed: Under[] = [];
  const store: ArtifactStore = {
    ...createMemoryStore(wide ? { wide: true } : {}),
    incomplete: {
      list: async function* (under) {
        listed.push(under);
        if (fail && under === '') throw new Error('not of all');
        const found = uploads.filter(({ path }) => under === '' || path.startsWith(`${under}/`));
        if (found.length > 0) yield found;
      },
      discard: async () => Promise.resolve(),
    },
  };
  const { incomplete } = shareUploads(store);
  const ask = async (run: number): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const page of incomplete?.list(place(run), io) ?? [])
      found.push(...page.map(({ path }) => path));
    return found;
  };
  return { listed, ask };
}

it('lists once for all who ask at the same time, and gives each its own', async () => {
  const { listed, ask } = storeWith([upload('r1/artifacts/a'), upload('r10/artifacts/b')]);
  expect(await Promise.all([ask(1), ask(2), ask(10)])).toEqual([['r1/artifacts/a'], [], ['r10/artifacts/b']]);
  expect(listed).toEqual(['']);
});

it('begins another listing for who asks while one is under way', async () => {
  const uploads: Unfinished[] = [];
  const { listed, ask } = storeWith(uploads);
  const early = Promise.all([ask(1), ask(2)]);
  while (listed.length === 0) await new Promise((resolve) => setImmediate(resolve));
  uploads.push(upload('r3/artifacts/new'));
  expect(await Promise.all([ask(3), ask(4)])).toEqual([['r3/artifacts/new'], []]);
  await early;
  expect(listed).toEqual(['', '']);
});

it.each([
  ['asked for one', {}, 1],
  ['that is not cheap', { wide: false }, 2],
  ['all of them cannot be listed', { fail: true }, 2],
])('lists the place alone where %s', async (_, options, asking) => {
  const { listed, ask } = storeWith([upload('r1/artifacts/a')], options);
  const found = await Promise.all(Array.from({ length: asking }, async (_none, at) => ask(at + 1)));
  expect(found[0]).toEqual(['r1/artifacts/a']);
  expect(listed.filter((under) => under !== '')).toHaveLength(asking);
});

it('lists each place alone where others have many', async () => {
  const others = Array.from({ length: 1001 }, (_, at) => upload(`other/${at}`));
  const { listed, ask } = storeWith([...others, upload('r1/artifacts/a')]);
  expect(await Promise.all([ask(1), ask(2)])).toEqual([['r1/artifacts/a'], []]);
  await Promise.all([ask(1), ask(2)]);
  expect(listed).toEqual(['', place(1), place(2), place(1), place(2)]);
});
