import { expect, test } from 'vitest';
import type { Receipt, Unfinished, UploadSession } from '../../../../src/artifacts/store.ts';
import type { Under } from '../../../../src/core/artifact-path.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import { failureOf } from '../expect-failure.ts';
import { openCase, throughLayers, type Case } from '../open-case.ts';
import { at, bufferSource, filesOf, get, inParallel, pattern, put } from '../pattern.ts';

/** Begins an upload and sends a part of it, as one that is interrupted then. */
async function leave(
  { store, io }: Case,
  path: string,
): Promise<UploadSession & { readonly receipt: Receipt }> {
  const partBytes = store.multipart!.minBytes;
  const session = await store.multipart!.begin(at(path), { partBytes, media: {} }, io);
  const receipt = await session.put({ number: 1, offset: 0, size: 5 }, bufferSource(pattern(5)), io);
  return { ...session, receipt };
}

async function unfinishedOf({ store, io }: Case, under = ''): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for await (const page of store.incomplete!.list(under as Under, io)) found.push(...page);
  return found;
}

const named = (found: readonly Unfinished[]): string[] => found.map(({ path }) => path).toSorted();

/** Uploads that nobody finished. */
export function incompleteCases(bed: ArtifactStoreBed): void {
  test('61. of a path the upload of it and all below it are listed, and never those of a sibling', async () => {
    const case_ = await openCase(bed);
    const paths = ['a/b', 'a/b/c', 'a/b/c/d e+f', 'a/b-c', 'a/bc', 'a/bc/d', 'ä/b'];
    for (const path of paths) await leave(case_, path);
    expect(named(await unfinishedOf(case_))).toEqual(paths.toSorted());
    expect(named(await unfinishedOf(case_, 'a/b'))).toEqual(['a/b', 'a/b/c', 'a/b/c/d e+f']);
    expect(named(await unfinishedOf(case_, 'a/b/c/d e+f'))).toEqual(['a/b/c/d e+f']);
    expect(await unfinishedOf(case_, 'a/b/x')).toEqual([]);
    expect(await filesOf(case_)).toEqual([]);
  });

  test('61b. they carry the token of their session, also of two at one path', async () => {
    const case_ = await openCase(bed);
    const first = await leave(case_, 'file');
    const second = await leave(case_, 'file');
    const found = await unfinishedOf(case_, 'file');
    expect(found.map(({ token }) => token).toSorted()).toEqual([first.token, second.token].toSorted());
    for (const { started } of found) expect(started?.getFullYear() ?? 2026).toBeGreaterThan(2000);
  });

  test('61c. a finished and a given up one are not listed', async () => {
    const case_ = await openCase(bed);
    const session = await leave(case_, 'aborted');
    await session.abort(case_.io);
    const done = await leave(case_, 'done');
    await done.commit([done.receipt], { size: 5, checksums: [] }, case_.io);
    expect(named(await unfinishedOf(case_))).toEqual(bed.keepsParts ? ['aborted'] : []);
  });

  test('62. a discarded one is gone, and may be discarded again; the others stay', async () => {
    const case_ = await openCase(bed);
    const session = await leave(case_, 'd/gone');
    await leave(case_, 'd/stays');
    const other = throughLayers(await bed.open(case_.root), case_.root);
    const gone = (await unfinishedOf(other)).find(({ path }) => path === 'd/gone');
    await other.store.incomplete!.discard(gone!, other.io);
    await other.store.incomplete!.discard(gone!, other.io);
    expect(named(await unfinishedOf(other))).toEqual(['d/stays']);
    expect(await filesOf(other)).toEqual([]);
    await failureOf(session.commit([session.receipt], { size: 5, checksums: [] }, case_.io));
  });

  test('62b. what is stored at the path of one stays as it is when that is discarded', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'file', 'kept');
    await leave(case_, 'file');
    const found = await unfinishedOf(case_);
    expect(named(found)).toEqual(bed.findsNewOnly ? [] : ['file']);
    for (const each of found) await case_.store.incomplete!.discard(each, case_.io);
    expect((await get(case_, 'file')).toString()).toBe('kept');
  });

  test('62c. what was stored there since the listing stays too', async () => {
    const case_ = await openCase(bed);
    await leave(case_, 'file');
    const found = await unfinishedOf(case_);
    await put(case_, 'file', 'kept');
    for (const each of found) await case_.store.incomplete!.discard(each, case_.io);
    expect(found).toHaveLength(1);
    expect((await get(case_, 'file')).toString()).toBe('kept');
  });

  test('63. a page that failed once is asked again; nothing is missing', async () => {
    const lost = new Failure({ kind: 'unavailable', message: 'no answer', subject: '', retry: 'later' });
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'unfinished' && nth === 2 ? { before: lost } : undefined),
    });
    const paths = ['a', 'b', 'c', 'd', 'e'];
    for (const path of paths) await leave(case_, path);
    expect([...new Set(named(await unfinishedOf(case_)))]).toEqual(paths);
  });

  if (bed.manyUploads === undefined) return;
  const { manyUploads } = bed;
  test(`63b. ${manyUploads} of them are all listed, once`, async () => {
    const case_ = await openCase(bed);
    const paths = Array.from({ length: manyUploads }, (_, index) => `d/${String(index).padStart(5, '0')}`);
    await inParallel(
      8,
      paths.map((path) => async () => leave(case_, path)),
    );
    expect(named(await unfinishedOf(case_, 'd'))).toEqual(paths);
    const listed = await unfinishedOf(case_);
    await inParallel(
      8,
      listed.map((each) => async () => case_.store.incomplete!.discard(each, case_.io)),
    );
    expect(await unfinishedOf(case_)).toEqual([]);
  });
}
