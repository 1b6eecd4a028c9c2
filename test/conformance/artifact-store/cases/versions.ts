import { expect, test } from 'vitest';
import type { Kept, Versions } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import type { FaultPlan } from '../faulty.ts';
import { openCase, type Case } from '../open-case.ts';
import { at, filesOf, get, put } from '../pattern.ts';

function versionsOf({ store }: Case): Versions {
  if (!store.versions) throw new Error('the layers lost the versions');
  return store.versions;
}

async function keptOf(case_: Case, under: string): Promise<readonly Kept[]> {
  const found: Kept[] = [];
  for await (const page of versionsOf(case_).list(at(under), case_.io)) found.push(...page);
  return found;
}

const facts = (kept: readonly Kept[]) =>
  kept.map(({ path, newest, mark, bytes }) => [path, newest, mark, bytes]).sort();

/** An object that was replaced, one that was removed, and one in a folder that only begins like theirs. */
async function history(bed: ArtifactStoreBed, options: { readonly plan?: FaultPlan } = {}): Promise<Case> {
  const case_ = await openCase(bed, options);
  await put(case_, 'dir/replaced', 'one');
  await put(case_, 'dir/replaced', 'second');
  await put(case_, 'dir/deep/re moved%', '12345');
  await case_.store.remove([{ path: at('dir/deep/re moved%'), kind: 'file' }], case_.io);
  await put(case_, 'dirs/sibling', 'x');
  return case_;
}

/** What a server keeps of `history` below `dir`. */
const KEPT = {
  all: [
    ['dir/deep/re moved%', false, false, 5],
    ['dir/deep/re moved%', true, true, 0],
    ['dir/replaced', false, false, 3],
    ['dir/replaced', true, false, 6],
  ],
  newest: [['dir/replaced', true, false, 6]],
};

export function versionCases(bed: ArtifactStoreBed): void {
  const kept = bed.keepsVersions ? KEPT.all : KEPT.newest;

  test('65. whatever is kept below a folder is listed, nothing beside it', async () => {
    const case_ = await history(bed);
    expect(await versionsOf(case_).kept(case_.io)).toBe(bed.keepsVersions === true);
    expect(facts(await keptOf(case_, 'dir'))).toEqual(kept);
    expect(await keptOf(case_, 'nothing')).toEqual([]);
  });

  test('65b. what is purged is gone for good, whether it is still there or not', async () => {
    const case_ = await history(bed);
    const all = await keptOf(case_, 'dir');
    const older = all.filter(({ newest }) => !newest);
    expect(await versionsOf(case_).purge(older, case_.io)).toEqual([]);
    expect(Buffer.from(await get(case_, 'dir/replaced')).toString()).toBe('second');
    expect(await versionsOf(case_).purge(all, case_.io)).toEqual([]);
    expect(await keptOf(case_, 'dir')).toEqual([]);
    expect(await filesOf(case_)).toEqual(['dirs/sibling']);
  });

  test('65d. what is kept of one object is told by itself', async () => {
    const case_ = await history(bed);
    await put(case_, 'dir/replaced too', 'x');
    const found: Kept[] = [];
    for await (const page of versionsOf(case_).of(at('dir/replaced'), case_.io)) found.push(...page);
    expect(facts(found)).toEqual(kept.filter(([path]) => path === 'dir/replaced'));
    expect(await versionsOf(case_).expire(case_.io)).toBe(false);
  });

  test('65c. a page that fails for a moment is asked for again', async () => {
    const busy = new Failure({ kind: 'throttled', message: 'slow down', subject: '', retry: 'later' });
    const case_ = await history(bed, {
      plan: (verb, nth) => (verb === 'versions' && nth === 1 ? { before: busy } : undefined),
    });
    expect(facts(await keptOf(case_, 'dir'))).toEqual(kept);
  });
}
