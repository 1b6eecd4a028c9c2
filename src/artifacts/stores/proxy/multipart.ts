import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure, type FailureKind } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
import type { Multipart, Part, Receipt, Source, Stored, UploadSession } from '../../store.ts';
import { partsUrl, placeOf } from './address.ts';
import { askJson, expectDone, send, subjectOf, type ProxyClient } from './client.ts';
import { countBytes } from './count-bytes.ts';
import type { Direct, DirectOptions } from './direct.ts';
import { md5Told, tagOfParts } from './etag.ts';
import { isMissingService } from './failures.ts';
import { placeTrouble, refuseTrouble } from './name-trouble.ts';
import { outliveStop } from './outlive.ts';
import { storedTag } from './read-direct.ts';
import { sendSigned, signedOf, type Signed } from './signed.ts';
import { statObject } from './stat.ts';
import { checkAbsent } from './write.ts';

const MIB = 1024 * 1024;

/** An upload under way at the store behind the server. */
interface Upload {
  readonly client: ProxyClient;
  readonly direct: Direct;
  readonly path: ArtifactPath;
  /** As the server takes the file's place apart. */
  readonly directory: string;
  readonly name: string;
  /** Absent at Azure, which begins nothing. */
  readonly id?: string;
  /** One URL for each part, from 1. */
  readonly signed: readonly Signed[];
}

type Expect = Parameters<UploadSession['commit']>[1];
type Plan = Parameters<Multipart['begin']>[1];

function failed(subject: string, kind: FailureKind, reason: string, more: object = {}): Failure {
  return new Failure({ kind, message: `cannot store ${subject} in parts: ${reason}`, subject, ...more });
}

/**
 * Where the server is told that the file is. It takes the name by itself: `Train:log` would be another one without its
 * directory, and a backslash or a drive letter is cut off as on Windows. Such names go as a whole through the server.
 * @see mlflow/server/handlers.py `_get_multipart_upload_file_name` (3.18)
 */
function splitPlace(client: ProxyClient, path: ArtifactPath): { directory: string; name: string } {
  const place = placeOf(client.address, path);
  const slash = place.lastIndexOf('/');
  const name = place.slice(slash + 1);
  const subject = subjectOf(client, path);
  if (slash < 1) throw failed(subject, 'unsupported', 'the server takes none at its root');
  if (placeTrouble(name) !== undefined || /\\|^[A-Za-z]:/.test(name)) {
    throw failed(subject, 'unsupported', 'the server takes this name for another one');
  }
  return { directory: place.slice(0, slash), name };
}

function call(upload: Pick<Upload, 'client' | 'path' | 'directory'>, act: 'create' | 'complete' | 'abort') {
  const doing = { create: 'begin to store', complete: 'finish', abort: 'give up the upload of' }[act];
  const { client, path, directory } = upload;
  const url = partsUrl(client.address, act, directory);
  return { method: 'POST', doing, subject: subjectOf(client, path), url } as const;
}

/** The URLs of parts 1 to `count`; undefined when one is missing. */
function signedParts(told: unknown, count: number): readonly Signed[] | undefined {
  if (!Array.isArray(told)) return undefined;
  const byNumber = new Map<number, Signed>();
  for (const one of told as unknown[]) {
    if (typeof one !== 'object' || one === null) return undefined;
    const fields = one as Readonly<Record<string, unknown>>;
    const signed = signedOf(fields);
    if (signed) byNumber.set(Number(fields['part_number']), signed);
  }
  const all = Array.from({ length: count }, (_, index) => byNumber.get(index + 1));
  return all.every((signed) => signed !== undefined) ? all : undefined;
}

async function create(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  count: number,
  io: Io,
): Promise<Upload> {
  const place = { client, direct, path, ...splitPlace(client, path) };
  const asked = call(place, 'create');
  let told;
  try {
    const begun = { ...asked, json: { path: place.name, num_parts: count } };
    told = await outliveStop(asked.subject, io, async (late) => askJson(client, begun, late));
  } catch (thrown) {
    if (!isMissingService(thrown)) throw thrown;
    direct.close('upload');
    throw failed(asked.subject, 'unsupported', 'the server says that it takes none');
  }
  const { upload_id: id, credentials } = told;
  const signed = signedParts(credentials, count);
  const upload = { ...place, signed: signed ?? [], ...(typeof id === 'string' && id !== '' ? { id } : {}) };
  if (signed && !io.signal.aborted) return upload;
  await abort(upload, cleanupIo(io)).catch(() => undefined);
  if (io.signal.aborted) throw asFailure(io.signal.reason, asked.subject);
  throw failed(asked.subject, 'corrupt', `the server did not sign an http(s) URL for each of ${count} parts`);
}

/** @throws Failure corrupt when the store says that other bytes arrived */
function confirm(subject: string, part: Part, sent: string | undefined, told: string | undefined): void {
  if (sent === undefined || told === undefined || sent === told) return;
  const reason = `part ${part.number} arrived with MD5 ${told}, ${sent} was sent`;
  throw failed(subject, 'corrupt', reason, { retry: 'later' });
}

async function putPart(upload: Upload, part: Part, source: Source, io: Io): Promise<Receipt> {
  const { client, direct, path } = upload;
  const subject = subjectOf(client, path);
  const signed = upload.signed[part.number - 1];
  if (!signed || source.size !== part.size) {
    const reason = signed ? `has ${source.size ?? 'unknown'} bytes, not ${part.size}` : 'was not announced';
    throw failed(subject, 'invalid', `part ${part.number} ${reason}`);
  }
  const opened = await source.open(0, io.signal);
  const body = countBytes(opened, subject, io, ['md5']);
  try {
    const response = await sendSigned(
      direct.net,
      client.clock,
      {
        method: 'PUT',
        doing: `store part ${part.number} of`,
        subject,
        signed,
        body: body.stream,
        length: part.size,
      },
      io,
    );
    discard(response);
    const tag = response.headers['etag'] ?? '';
    if (tag === '' && upload.id !== undefined) {
      throw failed(subject, 'corrupt', `the store gave no ETag for part ${part.number}`);
    }
    const told = md5Told(response.headers);
    const [checksum] = body.tally.checksums();
    confirm(subject, part, checksum?.value, told);
    return { ...part, tag, ...(checksum && told !== undefined ? { checksum } : {}) };
  } catch (thrown) {
    throw body.trouble() ?? thrown;
  } finally {
    body.stream.destroy();
    opened.destroy();
  }
}

function inOrder(subject: string, receipts: readonly Receipt[], { size }: Expect): readonly Receipt[] {
  const sorted = receipts.toSorted((a, b) => a.number - b.number);
  let offset = 0;
  for (const [index, receipt] of sorted.entries()) {
    if (receipt.number !== index + 1 || receipt.offset !== offset) {
      throw failed(subject, 'corrupt', `part ${index + 1} is missing`);
    }
    offset += receipt.size;
  }
  if (offset !== size) throw failed(subject, 'corrupt', `the parts have ${offset} bytes, not ${size}`);
  return sorted;
}

/** An answer that was lost leaves the object there, with an ETag that only these parts make. */
async function isThere(upload: Upload, receipts: readonly Receipt[], io: Io): Promise<boolean> {
  const expected = tagOfParts(receipts.map(({ tag }) => tag));
  if (expected === undefined) return false;
  try {
    return (await storedTag(upload.client, upload.direct, upload.path, io)) === expected;
  } catch {
    return false;
  }
}

async function complete(upload: Upload, receipts: readonly Receipt[], io: Io): Promise<void> {
  const asked = call(upload, 'complete');
  const parts = receipts.map(({ number, tag }) => ({
    part_number: number,
    etag: tag,
    url: upload.signed[number - 1]?.url.href ?? '',
  }));
  const json = { path: upload.name, ...(upload.id === undefined ? {} : { upload_id: upload.id }), parts };
  try {
    await askJson(upload.client, { ...asked, json }, io);
  } catch (thrown) {
    const open = thrown instanceof Failure && thrown.effect === 'unknown' && !io.signal.aborted;
    if (!open || !(await isThere(upload, receipts, io))) throw thrown;
  }
}

/** The listing has the last word: it shows under which name the server put the object, and how large it is. */
async function confirmStored(
  upload: Upload,
  receipts: readonly Receipt[],
  size: number,
  io: Io,
): Promise<Stored> {
  const { client, path } = upload;
  const found = await statObject(client, path, io);
  if (found?.kind !== 'file' || found.size !== size) {
    const what = found ? `${found.size ?? 0} bytes` : 'nothing';
    throw failed(
      subjectOf(client, path),
      'corrupt',
      `the server lists ${what} there, ${size} bytes were sent`,
    );
  }
  const proven = receipts.every(({ checksum }) => checksum);
  return { entry: { path, kind: 'file', size, checksums: [] }, proof: proven ? 'checksum' : 'size' };
}

async function abort(upload: Upload, io: Io): Promise<void> {
  if (upload.id === undefined) return;
  const asked = call(upload, 'abort');
  const body = Buffer.from(JSON.stringify({ path: upload.name, upload_id: upload.id }));
  const headers = { 'content-type': 'application/json' };
  await expectDone(asked, await send(upload.client, { ...asked, headers, body }, io));
}

/** An upload of another process. The URLs of its parts are kept by nobody, so all that is left is to give it up. */
function attach(client: ProxyClient, direct: Direct, path: ArtifactPath, token: string): UploadSession {
  const place = { client, direct, path, ...splitPlace(client, path), signed: [] };
  const session = sessionOf(token === '' ? place : { ...place, id: token });
  const refuse = async () => {
    throw failed(
      subjectOf(client, path),
      'unsupported',
      'the upload of another process can only be given up',
    );
  };
  return { ...session, put: refuse, commit: refuse };
}

function sessionOf(upload: Upload): UploadSession {
  const subject = subjectOf(upload.client, upload.path);
  let done: Stored | undefined;
  let over = false;
  return {
    token: upload.id ?? '',
    tokenIsSecret: false,
    put: async (part, source, io) => putPart(upload, part, source, io),
    commit: async (receipts, expect, io) => {
      if (done) return done;
      if (over) throw failed(subject, 'conflict', 'the upload was given up');
      const sorted = inOrder(subject, receipts, expect);
      await complete(upload, sorted, io);
      done = await confirmStored(upload, sorted, expect.size, io);
      return done;
    },
    abort: async (io) => {
      if (over || done) return;
      await abort(upload, io);
      over = true;
    },
  };
}

async function begin(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  { size, partBytes, when }: Plan,
  io: Io,
): Promise<UploadSession> {
  const subject = subjectOf(client, path);
  refuseTrouble(client.address, path, subject);
  if (size === undefined) {
    throw failed(subject, 'unsupported', 'the server has to know how many there will be');
  }
  if (!(await direct.opens('upload', io)))
    throw failed(subject, 'unsupported', 'the server does not offer it');
  await checkAbsent(client, path, when, io);
  return sessionOf(await create(client, direct, path, Math.max(1, Math.ceil(size / partBytes)), io));
}

/**
 * Uploads in parallel parts that go straight to the store behind the server, by URLs that the server signs: no byte of
 * them passes through the server. They exist always; a server that does not offer them, or says that it takes none
 * (501, or no such endpoint), is `unsupported` before a byte moved, and asked only once. The server chooses the media
 * type. URLs are secrets of one upload: never shown and not kept, so another process can only give it up.
 * @see mlflow/store/artifact/http_artifact_repo.py `_try_multipart_upload`
 */
export function multipartOf(client: ProxyClient, direct: Direct, options: DirectOptions): Multipart {
  return {
    order: 'any',
    uniform: true,
    needsSize: true,
    minBytes: 5 * MIB,
    maxBytes: 5 * 1024 * MIB,
    maxParts: 10_000,
    preferred: { fromBytes: options.fromBytes, partBytes: options.partBytes },
    begin: async (path, plan, io) => begin(client, direct, path, plan, io),
    attach: (path, token) => attach(client, direct, path, token),
  };
}
