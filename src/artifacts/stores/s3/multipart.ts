import { createHash } from 'node:crypto';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
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
import type { Answer } from './client.ts';
import { confirmedParts } from './confirmed-parts.ts';
import { toBase64, toHex } from './digest.ts';
import { bareTag, versionOf } from './entry.ts';
import { codeOf, refusesHeaders } from './failures.ts';
import {
  agreedBefore,
  agreedOn,
  wantedHeaders,
  wantedOf,
  wholeHeaders,
  wholeOf,
  type PartIntegrity,
  type Wanted,
} from './part-integrity.ts';
import { bytesPayload, withPayload, type Payload } from './payload.ts';
import { keyOf, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';
import { checkCondition, conditionally, creationHeaders, proofOf, rulesOf } from './write.ts';
import { escapeText, textOf } from './xml.ts';

const MIB = 1024 * 1024;

interface Upload {
  readonly root: Root;
  readonly path: ArtifactPath;
  readonly id: string;
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  readonly when?: Precondition | undefined;
  /** Of the parts; of an upload that is taken up again it is told with the list of them. */
  agreed: PartIntegrity | undefined;
}

type Expect = Parameters<UploadSession['commit']>[1];

function failed(upload: Upload, kind: 'corrupt' | 'invalid', reason: string): Failure {
  const subject = subjectOf(upload.root, upload.path);
  return new Failure({ kind, message: `cannot finish ${subject}: ${reason}`, subject });
}

async function putPart(upload: Upload, part: Part, source: Source, io: Io): Promise<Receipt> {
  const { root, agreed } = upload;
  if (source.size !== part.size) {
    throw failed(
      upload,
      'invalid',
      `part ${part.number} has ${source.size ?? 'unknown'} bytes, not ${part.size}`,
    );
  }
  const { signed, integrity } = rulesOf(root);
  const all = new Set([...integrity, ...(agreed ? [agreed.algorithm] : [])]);
  const rules = { signed, integrity: [...all] };
  return withPayload(source, rules, root.lender, io, async (payload) => sendPart(upload, part, payload, io));
}

async function sendPart(upload: Upload, part: Part, payload: Payload, io: Io): Promise<Receipt> {
  const { root, path, agreed } = upload;
  const response = await root.client.send(
    {
      method: 'PUT',
      doing: `store part ${part.number} of`,
      subject: subjectOf(root, path),
      key: keyOf(root, path),
      query: { partNumber: String(part.number), uploadId: upload.id },
      headers: root.extra.access,
      payload,
    },
    io,
  );
  discard(response);
  const proof = proofOf(root, path, payload, response.headers);
  const checksums = payload.checksums();
  const checksum = checksums.find(({ algorithm }) => algorithm === agreed?.algorithm) ?? checksums[0];
  return {
    ...part,
    tag: bareTag(response.headers['etag'] ?? ''),
    ...(proof === 'checksum' && checksum ? { checksum } : {}),
  };
}

function partElement({ number, tag, checksum }: Receipt, agreed: PartIntegrity | undefined): string {
  const name = `Checksum${checksum?.algorithm.toUpperCase() ?? ''}`;
  const proof =
    checksum === undefined || checksum.algorithm !== agreed?.algorithm
      ? ''
      : `<${name}>${toBase64(checksum.value)}</${name}>`;
  return `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${escapeText(tag)}&quot;</ETag>${proof}</Part>`;
}

function documentOf(receipts: readonly Receipt[], agreed: PartIntegrity | undefined): Buffer {
  const parts = receipts.map((receipt) => partElement(receipt, agreed)).join('');
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`,
  );
}

function sizeOf(receipts: readonly Receipt[]): number {
  return receipts.reduce((sum, receipt) => sum + receipt.size, 0);
}

/** The ETag of an object in parts is the MD5 of the parts' MD5s, where those are MD5s; undefined where they are not. */
export function expectedTag(receipts: readonly Receipt[]): string | undefined {
  if (!receipts.every(({ tag }) => /^[0-9a-f]{32}$/.test(tag))) return undefined;
  const joined = Buffer.from(receipts.map(({ tag }) => tag).join(''), 'hex');
  return `${createHash('md5').update(joined).digest('hex')}-${receipts.length}`;
}

function inOrder(upload: Upload, receipts: readonly Receipt[], expect: Expect): readonly Receipt[] {
  const sorted = receipts.toSorted((a, b) => a.number - b.number);
  let size = 0;
  for (const [index, receipt] of sorted.entries()) {
    if (receipt.number !== index + 1 || receipt.offset !== size)
      throw failed(upload, 'corrupt', `part ${index + 1} is missing`);
    size += receipt.size;
  }
  if (size !== expect.size)
    throw failed(upload, 'corrupt', `the parts have ${size} bytes, not ${expect.size}`);
  return sorted;
}

const OF_PARTS = /^[0-9a-f]{32}-\d+$/;

/** What is stored at the path, when it is what these parts make; undefined when it is something else. */
async function storedParts(
  upload: Upload,
  receipts: readonly Receipt[],
  io: Io,
): Promise<Stored | undefined> {
  const entry = await statObject(upload.root, upload.path, io);
  if (entry?.size !== sizeOf(receipts)) return undefined;
  const whole = wholeOf(upload.agreed, receipts);
  const told = whole && entry.checksums.find(({ algorithm }) => algorithm === whole.algorithm);
  if (whole && told?.scope === 'whole')
    return told.value === whole.value ? { entry, proof: 'checksum' } : undefined;
  const tag = entry.version?.id ?? '';
  const expected = expectedTag(receipts);
  if (expected !== undefined && OF_PARTS.test(tag) && tag !== expected) return undefined;
  const proven = tag === expected && receipts.every(({ checksum }) => checksum);
  return { entry, proof: proven ? 'checksum' : 'size' };
}

async function complete(upload: Upload, receipts: readonly Receipt[], io: Io): Promise<Stored> {
  const { root, path, agreed } = upload;
  const whole = wholeOf(agreed, receipts);
  let answer;
  try {
    const headers = {
      'content-type': 'application/xml',
      ...wholeHeaders(whole),
      ...root.extra.access,
      ...root.extra.finish,
    };
    const call = {
      method: 'POST',
      doing: 'finish',
      repeatable: true,
      subject: subjectOf(root, path),
      key: keyOf(root, path),
      query: { uploadId: upload.id },
      payload: bytesPayload(documentOf(receipts, agreed)),
    } as const;
    const send = async (condition: Readonly<Record<string, string>>) =>
      root.client.ask({ ...call, headers: { ...headers, ...condition } }, io);
    answer = await conditionally(root, path, upload.when, send, io);
  } catch (thrown) {
    if (codeOf(thrown) !== 'NoSuchUpload') throw thrown;
    const stored = await storedParts(upload, receipts, io);
    if (stored) return stored;
    throw thrown;
  }
  const tag = textOf(answer, 'ETag');
  const echo = whole && textOf(answer, `Checksum${whole.algorithm.toUpperCase()}`);
  const isWhole = whole !== undefined && echo !== undefined && toHex(echo) === whole.value;
  const isOfParts =
    tag !== undefined && bareTag(tag) === expectedTag(receipts) && receipts.every(({ checksum }) => checksum);
  if (isWhole || isOfParts) {
    const checksums = isWhole ? [whole] : [];
    const entry = { path, kind: 'file', size: sizeOf(receipts), ...versionOf(tag), checksums } as const;
    return { entry, proof: 'checksum' };
  }
  const stored = await storedParts(upload, receipts, io);
  if (stored) return stored;
  throw failed(upload, 'corrupt', 'what is stored is not what was sent');
}

/**
 * AbortMultipartUpload; an upload that is gone is done:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
export async function giveUp(upload: Pick<Upload, 'root' | 'path' | 'id'>, io: Io): Promise<void> {
  const { root, path } = upload;
  try {
    const response = await root.client.send(
      {
        method: 'DELETE',
        doing: 'give up the upload of',
        subject: subjectOf(root, path),
        key: keyOf(root, path),
        query: { uploadId: upload.id },
      },
      io,
    );
    discard(response);
  } catch (thrown) {
    if (codeOf(thrown) !== 'NoSuchUpload') throw thrown;
  }
}

function sessionOf(upload: Upload): UploadSession {
  let done: Stored | undefined;
  return {
    token: upload.id,
    tokenIsSecret: false,
    put: async (part, source, io) => putPart(upload, part, source, io),
    commit: async (receipts, expect, io) => {
      done ??= await complete(upload, inOrder(upload, receipts, expect), io);
      return done;
    },
    abort: async (io) => giveUp(upload, io),
    confirmed: (io) =>
      confirmedParts(upload, io, (answer) => {
        upload.agreed = agreedBefore(upload.root, answer);
      }),
  };
}

function attach(root: Root, path: ArtifactPath, id: string, plan: UploadPlan): UploadSession {
  return sessionOf({ root, path, id, partBytes: plan.partBytes, when: plan.when, agreed: undefined });
}

async function begin(root: Root, path: ArtifactPath, plan: UploadPlan, io: Io): Promise<UploadSession> {
  await checkCondition(root, path, plan.when, io);
  const subject = subjectOf(root, path);
  const wanted = wantedOf(root);
  const create = async (what: Wanted | undefined): Promise<Answer> =>
    root.client.answer(
      {
        method: 'POST',
        doing: 'begin the upload of',
        repeatable: true,
        subject,
        key: keyOf(root, path),
        query: { uploads: '' },
        headers: { ...creationHeaders(root, plan.media), ...wantedHeaders(what) },
        payload: bytesPayload(new Uint8Array()),
      },
      io,
    );
  const { document, headers } = await create(wanted).catch((thrown: unknown) => {
    if (wanted?.optional === true && refusesHeaders(thrown)) return create(undefined);
    throw thrown;
  });
  const id = textOf(document, 'UploadId');
  if (!id)
    throw new Failure({ kind: 'corrupt', message: `the server began no upload of ${subject}`, subject });
  const told = { algorithm: headers['x-amz-checksum-algorithm'], type: headers['x-amz-checksum-type'] };
  const { partBytes, when } = plan;
  return sessionOf({ root, path, id, partBytes, when, agreed: agreedOn(wanted, told) });
}

/**
 * Uploads in parallel parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. Parts are alike
 * everywhere because Cloudflare R2 takes no others (https://developers.cloudflare.com/r2/objects/multipart-objects/).
 */
export function multipartOf(root: Root): Multipart {
  return {
    order: 'any',
    uniform: true,
    needsSize: false,
    minBytes: 5 * MIB,
    maxBytes: 5 * 1024 * MIB,
    maxParts: 10_000,
    begin: async (path, plan, io) => begin(root, path, plan, io),
    attach: (path, token, plan) => attach(root, path, token, plan),
  };
}
