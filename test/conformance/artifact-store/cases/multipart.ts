import { expect, test } from 'vitest';
import type { Part, Receipt, UploadSession } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import { failureOf } from '../expect-failure.ts';
import { openCase, type Case } from '../open-case.ts';
import { at, bufferSource, filesOf, get, pattern, sha256 } from '../pattern.ts';

interface Upload {
  readonly bytes: Buffer;
  readonly parts: readonly Part[];
  readonly session: UploadSession;
  put(part: Part, bytes?: Uint8Array): Promise<Receipt>;
  commit(receipts: readonly Receipt[]): ReturnType<UploadSession['commit']>;
}

/** Begins an upload of three parts at `file`, the last one small. */
async function begin({ store, io }: Case): Promise<Upload> {
  const multipart = store.multipart!;
  const partBytes = Math.max(multipart.minBytes, 1000);
  const size = 2 * partBytes + 17;
  const bytes = pattern(size);
  const parts = [0, 1, 2].map((i) => ({
    number: i + 1,
    offset: i * partBytes,
    size: Math.min(partBytes, size - i * partBytes),
  }));
  const session = await multipart.begin(at('file'), { partBytes, size, media: {} }, io);
  const content = (part: Part) => bytes.subarray(part.offset, part.offset + part.size);
  return {
    bytes,
    parts,
    session,
    put: async (part, other) => session.put(part, bufferSource(other ?? content(part)), io),
    commit: async (receipts) => session.commit(receipts, { size, checksums: [] }, io),
  };
}

export function multipartCases(bed: ArtifactStoreBed): void {
  test('47. nothing is visible before the commit, everything after it', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const receipts: Receipt[] = [];
    for (const part of upload.parts) receipts.push(await upload.put(part));
    expect(await filesOf(case_)).toEqual([]);
    const { entry } = await upload.commit(receipts);
    expect(entry).toMatchObject({ path: 'file', size: upload.bytes.byteLength });
    expect(sha256(await get(case_, 'file'))).toBe(sha256(upload.bytes));
  });

  test('47b. parts out of order are taken in any order, or refused', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const [first, second, third] = upload.parts as [Part, Part, Part];
    if (case_.store.multipart!.order === 'sequential') {
      await failureOf(upload.put(second));
      return;
    }
    const receipts = [await upload.put(third), await upload.put(first), await upload.put(second)];
    await upload.commit(receipts.toSorted((a, b) => a.number - b.number));
    expect(sha256(await get(case_, 'file'))).toBe(sha256(upload.bytes));
  });

  test('48. a part that failed once is sent again', async () => {
    const lost = new Failure({
      kind: 'unavailable',
      message: 'no answer',
      subject: '',
      retry: 'later',
      effect: 'unknown',
    });
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'part' && nth === 2 ? { before: lost } : undefined),
    });
    const upload = await begin(case_);
    const receipts: Receipt[] = [];
    for (const part of upload.parts) receipts.push(await upload.put(part));
    await upload.commit(receipts);
    expect(sha256(await get(case_, 'file'))).toBe(sha256(upload.bytes));
  });

  test('51. a commit asked twice, or whose answer was lost, gives the same answer', async () => {
    const lost = new Failure({
      kind: 'unavailable',
      message: 'no answer',
      subject: '',
      retry: 'later',
      effect: 'unknown',
    });
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'commit' && nth === 1 ? { after: lost } : undefined),
    });
    const upload = await begin(case_);
    const receipts: Receipt[] = [];
    for (const part of upload.parts) receipts.push(await upload.put(part));
    const first = await upload.commit(receipts);
    const second = await upload.commit(receipts);
    expect(second.entry.size).toBe(first.entry.size);
    expect(second.entry.version).toEqual(first.entry.version);
    expect(sha256(await get(case_, 'file'))).toBe(sha256(upload.bytes));
  });

  test('51b. a commit that lacks a part fails and shows nothing', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const [first] = upload.parts as [Part];
    const receipt = await upload.put(first);
    await failureOf(upload.commit([receipt, { ...upload.parts[1]!, tag: receipt.tag }]));
    expect(await filesOf(case_)).toEqual([]);
    await upload.session.abort(case_.io);
  });

  test('52. an abort shows nothing; after the commit it does no harm', async () => {
    const case_ = await openCase(bed);
    const aborted = await begin(case_);
    const receipt = await aborted.put(aborted.parts[0]!);
    await aborted.session.abort(case_.io);
    await aborted.session.abort(case_.io);
    await failureOf(aborted.commit([receipt]));
    expect(await filesOf(case_)).toEqual([]);
    const upload = await begin(case_);
    const receipts: Receipt[] = [];
    for (const part of upload.parts) receipts.push(await upload.put(part));
    await upload.commit(receipts);
    await upload.session.abort(case_.io);
    expect(sha256(await get(case_, 'file'))).toBe(sha256(upload.bytes));
  });
}
