import { expect, test } from 'vitest';
import type { Part, Receipt, UploadPlan, UploadSession } from '../../../../src/artifacts/store.ts';
import { asFailure, Failure } from '../../../../src/core/failure.ts';
import { proves, type ArtifactStoreBed } from '../bed.ts';
import { failureOf } from '../expect-failure.ts';
import { openCase, throughLayers, type Case } from '../open-case.ts';
import { at, bufferSource, filesOf, get, inParallel, pattern, sha256 } from '../pattern.ts';

interface Upload {
  readonly bytes: Buffer;
  readonly parts: readonly [Part, Part, Part];
  readonly plan: UploadPlan;
  readonly session: UploadSession;
}

/** Begins an upload of three parts at `file`, the last one small. */
async function begin({ store, io }: Case): Promise<Upload> {
  const { multipart } = store;
  const partBytes = Math.max(multipart!.minBytes, 1000);
  const size = 2 * partBytes + 17;
  const part = (number: number): Part => {
    const offset = (number - 1) * partBytes;
    return { number, offset, size: Math.min(partBytes, size - offset) };
  };
  const plan = { partBytes, size, media: {} };
  const session = await multipart!.begin(at('file'), plan, io);
  return { bytes: pattern(size), parts: [part(1), part(2), part(3)], plan, session };
}

async function putPart(upload: Upload, session: UploadSession, part: Part, io: Case['io']): Promise<Receipt> {
  const bytes = upload.bytes.subarray(part.offset, part.offset + part.size);
  return session.put(part, bufferSource(bytes), io);
}

/** The same upload, as another process finds it at a store that it opened itself. */
async function again(
  bed: ArtifactStoreBed,
  { root }: Case,
  { session, plan }: Upload,
): Promise<{ readonly other: Case; readonly attached: UploadSession }> {
  const other = throughLayers(await bed.open(root), root);
  return { other, attached: other.store.multipart!.attach!(at('file'), session.token, plan) };
}

async function confirmedOf({ io }: Case, session: UploadSession): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for await (const page of session.confirmed!(io)) receipts.push(...page);
  return receipts;
}

const whereOf = ({ number, offset, size }: Part): Part => ({ number, offset, size });

/** An upload taken up again by another store object; those that can only be given up have the first case alone. */
export function resumeCases(bed: ArtifactStoreBed): void {
  test('50. an upload attached by its token is given up, as often as one likes', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const receipt = await putPart(upload, upload.session, upload.parts[0], case_.io);
    const { other, attached } = await again(bed, case_, upload);
    expect(attached.token).toBe(upload.session.token);
    expect(attached.tokenIsSecret).toBe(upload.session.tokenIsSecret);
    await attached.abort(other.io);
    await attached.abort(other.io);
    if (!bed.keepsParts) {
      const expectation = { size: upload.parts[0].size, checksums: [] };
      await failureOf(upload.session.commit([receipt], expectation, case_.io));
    }
    expect(await filesOf(other)).toEqual([]);
  });
  if (proves(bed, 'confirmed')) confirmedCases(bed);
}

function confirmedCases(bed: ArtifactStoreBed): void {
  test('50b. what one process sent another one confirms, completes and commits', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const [first, second, third] = upload.parts;
    const sent = [
      await putPart(upload, upload.session, first, case_.io),
      await putPart(upload, upload.session, second, case_.io),
    ];
    const { other, attached } = await again(bed, case_, upload);
    const confirmed = await confirmedOf(other, attached);
    const held = sent.filter(({ number }) => confirmed.some((receipt) => receipt.number === number));
    expect(confirmed.map(whereOf)).toEqual(upload.parts.slice(0, confirmed.length).map(whereOf));
    expect(confirmed.map(({ tag }) => tag)).toEqual(held.map(({ tag }) => tag));
    if (case_.store.multipart!.order === 'any') expect(confirmed).toHaveLength(2);
    const rest: Receipt[] = [];
    for (const part of [first, second, third].slice(confirmed.length)) {
      rest.push(await putPart(upload, attached, part, other.io));
    }
    const size = upload.bytes.byteLength;
    const { entry, proof } = await attached.commit([...held, ...rest], { size, checksums: [] }, other.io);
    expect(entry.size).toBe(size);
    if ([...held, ...rest].every(({ checksum }) => checksum)) expect(proof).toBe('checksum');
    expect(sha256(await get(other, 'file'))).toBe(sha256(upload.bytes));
  });

  test('50c. the confirmed receipts alone suffice for the commit', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    for (const part of upload.parts) await putPart(upload, upload.session, part, case_.io);
    const { other, attached } = await again(bed, case_, upload);
    const receipts = await confirmedOf(other, attached);
    const left = upload.parts.slice(receipts.length);
    for (const part of left) receipts.push(await putPart(upload, attached, part, other.io));
    await attached.commit(receipts, { size: upload.bytes.byteLength, checksums: [] }, other.io);
    expect(sha256(await get(other, 'file'))).toBe(sha256(upload.bytes));
  });

  test('50d. an upload that was committed is committed again by the one that does not know', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const receipts: Receipt[] = [];
    for (const part of upload.parts) receipts.push(await putPart(upload, upload.session, part, case_.io));
    const expectation = { size: upload.bytes.byteLength, checksums: [] };
    await upload.session.commit(receipts, expectation, case_.io);
    const { other, attached } = await again(bed, case_, upload);
    // Where a finished upload is forgotten, that it cannot be found is an answer too.
    await attached.commit(receipts, expectation, other.io).catch((thrown: unknown) => {
      expect(asFailure(thrown, '').kind).toBe('not-found');
    });
    expect(sha256(await get(other, 'file'))).toBe(sha256(upload.bytes));
  });

  test('50e. an upload that was given up holds nothing, and shows nothing', async () => {
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    const receipt = await putPart(upload, upload.session, upload.parts[0], case_.io);
    const { other, attached } = await again(bed, case_, upload);
    await upload.session.abort(case_.io);
    if (bed.keepsParts) expect(await confirmedOf(other, attached)).toHaveLength(1);
    else {
      expect((await failureOf(confirmedOf(other, attached))).kind).toBe('not-found');
      expect((await failureOf(putPart(upload, attached, upload.parts[0], other.io))).kind).toBe('not-found');
      await failureOf(attached.commit([receipt], { size: upload.parts[0].size, checksums: [] }, other.io));
    }
    expect(await filesOf(other)).toEqual([]);
  });

  test('50f. a page of confirmed parts that failed once is asked again, and tells each part once', async () => {
    const lost = new Failure({ kind: 'unavailable', message: 'no answer', subject: '', retry: 'later' });
    const case_ = await openCase(bed);
    const upload = await begin(case_);
    for (const part of upload.parts) await putPart(upload, upload.session, part, case_.io);
    const plain = await confirmedOf(case_, upload.session);
    const broken = throughLayers(await bed.open(case_.root), case_.root, {
      plan: (verb, nth) => (verb === 'confirm' && nth === 2 ? { before: lost } : undefined),
    });
    const attached = broken.store.multipart!.attach!(at('file'), upload.session.token, upload.plan);
    expect(await confirmedOf(broken, attached)).toEqual(plain);
    await attached.abort(broken.io);
  });

  if (bed.manyParts === undefined) return;
  const { manyParts } = bed;
  test(`50g. ${manyParts} parts are confirmed by number, each once`, async () => {
    const case_ = await openCase(bed);
    const plan = { partBytes: 3, media: {} };
    const session = await case_.store.multipart!.begin(at('file'), plan, case_.io);
    const bytes = pattern(3);
    const put = (number: number) => async () =>
      session.put({ number, offset: (number - 1) * 3, size: 3 }, bufferSource(bytes), case_.io);
    await inParallel(
      8,
      Array.from({ length: manyParts }, (_, index) => put(index + 1)),
    );
    const confirmed = await confirmedOf(case_, session);
    expect(confirmed.map(({ number }) => number)).toEqual(Array.from({ length: manyParts }, (_, i) => i + 1));
    expect(confirmed.every(({ offset, number, size }) => offset === (number - 1) * 3 && size === 3)).toBe(
      true,
    );
    await session.abort(case_.io);
  });
}
