import { randomBytes } from 'node:crypto';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Media } from '../../../core/media.ts';
import type {
  Multipart,
  Part,
  Precondition,
  Receipt,
  Source,
  Stored,
  UploadPlan,
  UploadSession,
} from '../../store.ts';
import { wholeCrc } from '../../whole-crc.ts';
import { blockId, receiptsAmong, TOKEN_LENGTH, waitingBlocks } from './blocks.ts';
import { CRC32_METADATA } from './entry.ts';
import { isNoBlob } from './failures.ts';
import { withPayload, type Payload } from './payload.ts';
import { blobOf, call, subjectOf, type Root } from './root.ts';
import { statBlob } from './stat.ts';
import { blobHeaders, conditionsOf, digestBytes, openBody, unmet } from './write.ts';

const MIB = 1024 * 1024;
interface Upload {
  readonly root: Root;
  readonly path: ArtifactPath;
  /** Starts the id of every block, so that two uploads of one name never mix. */
  readonly token: string;
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  readonly media: Media;
  readonly when?: Precondition | undefined;
}

type Expect = Parameters<UploadSession['commit']>[1];

function failed(upload: Upload, kind: 'corrupt' | 'invalid' | 'cancelled', reason: string): Failure {
  const subject = subjectOf(upload.root, upload.path);
  return new Failure({ kind, message: `cannot finish ${subject}: ${reason}`, subject });
}

/** Put Block: https://learn.microsoft.com/rest/api/storageservices/put-block */
async function putBlock(upload: Upload, part: Part, source: Source, io: Io): Promise<Receipt> {
  const { root } = upload;
  if (source.size !== part.size) {
    const found = source.size ?? 'unknown';
    throw failed(upload, 'invalid', `part ${part.number} has ${found} bytes, not ${part.size}`);
  }
  const rules = { also: ['crc32'], lender: root.lender } as const;
  return withPayload(source, rules, io, async (payload) => sendBlock(upload, part, payload, io));
}

async function sendBlock(upload: Upload, part: Part, payload: Payload, io: Io): Promise<Receipt> {
  const { root, path } = upload;
  const body = await openBody(payload, io);
  const { md5 } = payload;
  const id = blockId(upload.token, part.number);
  await call(root, path, `store part ${part.number} of`, io, async (abortSignal) =>
    blobOf(root, path).stageBlock(id, body, payload.length, {
      abortSignal,
      ...(md5 === undefined ? {} : { transactionalContentMD5: digestBytes(md5) }),
    }),
  );
  if (body instanceof Uint8Array) io.progress?.(body.byteLength);
  const value = md5 === undefined ? undefined : digestAmong(payload.sent(), 'crc32');
  const checksum =
    value === undefined ? {} : { checksum: { algorithm: 'crc32', value, scope: 'whole' } as const };
  return { ...part, tag: id, ...checksum };
}

function inOrder(upload: Upload, receipts: readonly Receipt[], expect: Expect): readonly Receipt[] {
  const sorted = receipts.toSorted((a, b) => a.number - b.number);
  let size = 0;
  for (const [index, receipt] of sorted.entries()) {
    if (receipt.number !== index + 1 || receipt.offset !== size)
      throw failed(upload, 'corrupt', `part ${index + 1} is missing`);
    if (receipt.tag !== blockId(upload.token, receipt.number))
      throw failed(upload, 'corrupt', `part ${index + 1} is of another upload`);
    size += receipt.size;
  }
  if (size !== expect.size)
    throw failed(upload, 'corrupt', `the parts have ${size} bytes, not ${expect.size}`);
  return sorted;
}

/** Whether the blob consists of exactly these blocks: their ids are this upload's alone. */
async function isCommitted({ root, path }: Upload, receipts: readonly Receipt[], io: Io): Promise<boolean> {
  try {
    const { value } = await call(root, path, 'look at the parts of', io, async (abortSignal) =>
      blobOf(root, path).getBlockList('committed', { abortSignal }),
    );
    const blocks = value.committedBlocks ?? [];
    return (
      blocks.length === receipts.length &&
      blocks.every(({ name, size }, index) => name === receipts[index]?.tag && size === receipts[index].size)
    );
  } catch (thrown) {
    if (isNoBlob(thrown)) return false;
    throw thrown;
  }
}

/** The service makes no digest of a blob in blocks, so the CRC-32 of the whole is kept beside it. */
function crcMetadata(receipts: readonly Receipt[]): Record<string, string> {
  const whole = wholeCrc('crc32', receipts);
  return whole === undefined ? {} : { [CRC32_METADATA]: whole };
}

/** Put Block List: https://learn.microsoft.com/rest/api/storageservices/put-block-list */
async function putBlockList(
  upload: Upload,
  receipts: readonly Receipt[],
  expect: Expect,
  io: Io,
): Promise<void> {
  const { root, path, when } = upload;
  try {
    await call(root, path, 'finish', io, async (abortSignal) =>
      blobOf(root, path).commitBlockList(
        receipts.map(({ tag }) => tag),
        {
          abortSignal,
          conditions: conditionsOf(when),
          metadata: crcMetadata(receipts),
          blobHTTPHeaders: blobHeaders(upload.media, digestAmong(expect.checksums, 'md5')),
        },
      ),
    );
  } catch (thrown) {
    // An earlier try whose answer was lost has taken the blocks, and met its own blob as the condition's.
    const ours = thrown instanceof Failure && thrown.facts.vendor?.status !== undefined;
    if (ours && (await isCommitted(upload, receipts, io))) return;
    throw unmet(root, path, when, thrown);
  }
}

async function commit(upload: Upload, receipts: readonly Receipt[], expect: Expect, io: Io): Promise<Stored> {
  const sorted = inOrder(upload, receipts, expect);
  await putBlockList(upload, sorted, expect, io);
  const entry = await statBlob(upload.root, upload.path, io);
  if (entry?.size !== expect.size) throw failed(upload, 'corrupt', 'what is stored is not what was sent');
  return { entry, proof: sorted.every(({ checksum }) => checksum) ? 'checksum' : 'size' };
}

function sessionOf(upload: Upload): UploadSession {
  let done: Stored | undefined;
  let given = false;
  return {
    token: upload.token,
    tokenIsSecret: false,
    put: async (part, source, io) => putBlock(upload, part, source, io),
    commit: async (receipts, expect, io) => {
      if (given && !done) throw failed(upload, 'cancelled', 'the upload was given up');
      return (done ??= await commit(upload, receipts, expect, io));
    },
    abort: async () => {
      given = true;
    },
    confirmed: (io) => confirmed(upload, io),
  };
}

async function* confirmed(upload: Upload, io: Io): AsyncGenerator<readonly Receipt[], void> {
  const { root, path, token, partBytes } = upload;
  const receipts = receiptsAmong(await waitingBlocks(root, path, io), token, partBytes);
  if (receipts.length > 0) yield receipts;
}

function attach(root: Root, path: ArtifactPath, token: string, plan: UploadPlan): UploadSession {
  const { partBytes, media, when } = plan;
  return sessionOf({ root, path, token, partBytes, media, when });
}

function newToken(): string {
  return randomBytes(TOKEN_LENGTH).toString('hex').slice(0, TOKEN_LENGTH);
}

/**
 * Uploads in blocks, put in any order. Beginning one is no request, so that the token alone names it. The service has no way to drop blocks that were put and not committed: `abort`
 * only forgets them, they are never visible, and they expire after a week or with the next write of that name.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs
 */
export function multipartOf(root: Root): Multipart {
  return {
    order: 'any',
    uniform: false,
    needsSize: false,
    minBytes: 1,
    maxBytes: 4000 * MIB,
    maxParts: 50_000,
    begin: async (path, plan) => attach(root, path, newToken(), plan),
    attach: (path, token, plan) => attach(root, path, token, plan),
  };
}
