import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Unfinished } from '../../../../src/artifacts/store.ts';
import { parentOf, type Under } from '../../../../src/core/artifact-path.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import { failureOf } from '../expect-failure.ts';
import { openCase, throughLayers, type Case } from '../open-case.ts';
import { at, bufferSource, filesOf, pattern, put } from '../pattern.ts';

const OWNER = '0123456789abcdef';
const OURS = `.artifact.uploading.mlstow-${OWNER}-fedcba9876543210`;
const NOBODYS = '.artifact.uploading.mlstow-fedcba9876543210';
const STOCK = '.artifact.uploading.k3j4';

async function unfinishedOf({ store, io }: Case, under = ''): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for await (const page of store.incomplete!.list(under as Under, io)) found.push(...page);
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** How often a write under way is looked for, and how long between two looks, in ms. */
const MOST_LOOKS = 100;
const LOOK_MS = 50;

/** What writes of killed processes left, in stores that keep what is unfinished in files of its own. */
export function leftoverCases(bed: ArtifactStoreBed): void {
  const plantAll = async (root: string, ...paths: readonly string[]): Promise<void> => {
    for (const path of paths) await bed.plant!(root, path, pattern(7));
  };

  test('64. unfinished files are listed below a path, never of a sibling, with owner, size and age', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'a/b/file', 'whole');
    await plantAll(case_.root, OURS, `a/b/${OURS}`, `a/b/c/${NOBODYS}`, `a/bc/${OURS}`, `a/b/${STOCK}`);
    const all = [OURS, `a/b/${STOCK}`, `a/b/${OURS}`, `a/b/c/${NOBODYS}`, `a/bc/${OURS}`];
    expect((await unfinishedOf(case_)).map(({ path }) => path)).toEqual(all.toSorted());
    const found = await unfinishedOf(case_, 'a/b');
    expect(found.map(({ path, owner, bytes }) => ({ path, owner, bytes }))).toEqual(
      [
        { path: `a/b/${OURS}`, owner: OWNER, bytes: 7 },
        { path: `a/b/${STOCK}`, owner: undefined, bytes: 7 },
        { path: `a/b/c/${NOBODYS}`, owner: undefined, bytes: 7 },
      ].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    );
    for (const { started } of found) expect(started?.getFullYear() ?? 2026).toBeGreaterThan(2000);
    expect(await unfinishedOf(case_, 'a/b/x')).toEqual([]);
    expect(await unfinishedOf(case_, 'a/b/file')).toEqual([]);
    expect(case_.store.incomplete!.owned).toBe(true);
  });

  test('64b. a discarded one is gone, and may be discarded again; nothing else is ever removed so', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'd/file', 'kept');
    await plantAll(case_.root, `d/${OURS}`, `d/${NOBODYS}`);
    const other = throughLayers(await bed.open(case_.root), case_.root);
    const gone = (await unfinishedOf(other)).find(({ owner }) => owner === OWNER);
    await other.store.incomplete!.discard(gone!, other.io);
    await other.store.incomplete!.discard(gone!, other.io);
    expect((await unfinishedOf(other)).map(({ path }) => path)).toEqual([`d/${NOBODYS}`]);
    const whole = { path: at('d/file'), token: 'file' };
    expect(await failureOf(other.store.incomplete!.discard(whole, other.io))).toMatchObject({
      kind: 'invalid',
    });
    expect(await filesOf(case_)).toEqual(['d/file']);
  });

  test('64c. a write that is under way is one, of the owner it told; when it is whole it is none', async () => {
    const case_ = await openCase(bed);
    const other = throughLayers(await bed.open(case_.root), case_.root);
    const whole = pattern(3_000_000);
    let seen: readonly Unfinished[] = [];
    const halves = async function* () {
      yield whole.subarray(0, 2_000_000);
      for (let look = 0; look < MOST_LOOKS && seen.length === 0; look += 1) {
        if (look > 0) await wait(LOOK_MS);
        seen = await unfinishedOf(other);
      }
      yield whole.subarray(2_000_000);
    };
    const source = {
      ...bufferSource(whole),
      bytes: undefined,
      open: async () => Readable.from(halves(), { objectMode: false }),
    };
    await case_.store.write(at('d/file'), source, { owner: OWNER }, case_.io);
    expect(seen.map(({ path, owner }) => [parentOf(path), owner])).toEqual([['d', OWNER]]);
    expect(await unfinishedOf(other)).toEqual([]);
  });
}
