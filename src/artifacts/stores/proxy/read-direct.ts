import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import { answeredBody } from '../../bodies.ts';
import type { Body, Entry } from '../../store.ts';
import { presignedUrl } from './address.ts';
import { askJson, subjectOf, type ProxyClient } from './client.ts';
import type { Direct } from './direct.ts';
import { isMissingService, isPresignedOnly } from './failures.ts';
import { refuseTrouble } from './name-trouble.ts';
import { absent, beyond, extentOf, rangeOf, readObject, type Part } from './read.ts';
import { md5Told, tagOf } from './etag.ts';
import { sendSigned, signedOf, type Signed } from './signed.ts';

const DOING = 'read';

interface Offer {
  readonly signed: Signed;
  /** Bytes of the whole object, as the server knows it. */
  readonly size?: number;
}

/** A URL for one read; undefined when the server signs none for this object, and asking it for the bytes tells why. */
async function askOffer(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  io: Io,
): Promise<Offer | undefined> {
  const subject = subjectOf(client, path);
  const call = { method: 'GET', doing: DOING, subject, url: presignedUrl(client.address, path) } as const;
  let told;
  try {
    told = await askJson(client, call, io);
  } catch (thrown) {
    if (isMissingService(thrown)) direct.close('download');
    else if (!(thrown instanceof Failure) || thrown.facts.vendor?.status !== 404) throw thrown;
    return undefined;
  }
  const signed = signedOf(told);
  if (!signed) {
    const message = `cannot read ${subject}: the server signed no http(s) URL for it`;
    throw new Failure({ kind: 'corrupt', message, subject });
  }
  const size = Number(told['file_size'] ?? Number.NaN);
  return { signed, ...(Number.isSafeInteger(size) ? { size } : {}) };
}

function refusal(subject: string, part: Part, size?: number) {
  return (response: NetResponse): Failure | undefined => {
    switch (response.status) {
      case 404:
        return absent(subject);
      case 412:
        return new Failure({ kind: 'changed', message: `${subject} is another object by now`, subject });
      case 416:
        return beyond(subject, part, response, size);
      default:
        return undefined;
    }
  };
}

/** Digests of the whole object: Azure tells one of a whole answer, S3's ETag is one of an object stored in one piece. */
function checksumsOf({ status, headers }: NetResponse): readonly Checksum[] {
  const told = status === 200 ? headers['content-md5'] : undefined;
  const md5 = told === undefined ? md5Told(headers) : Buffer.from(told, 'base64').toString('hex');
  return md5 === undefined ? [] : [{ algorithm: 'md5', value: md5, scope: 'whole' }];
}

function entryOf(path: ArtifactPath, response: NetResponse, size: number | undefined): Entry {
  const tag = response.headers['etag'];
  return {
    path,
    kind: 'file',
    ...(size === undefined ? {} : { size }),
    ...(tag === undefined ? {} : { version: { id: tag, strong: !tag.startsWith('W/') } }),
    checksums: checksumsOf(response),
  };
}

/**
 * GET of one object from the store itself, as stored. Each read asks for a URL of its own, so that none is too old.
 * Undefined when the server signs none: it cannot, or there is no such object.
 * @throws Failure invalid (beyond the end), changed, denied (the URL expired), those of the connection
 */
async function readDirect(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  part: Part,
  io: Io,
): Promise<Body | undefined> {
  const subject = subjectOf(client, path);
  refuseTrouble(client.address, path, subject);
  const offer = await askOffer(client, direct, path, io);
  if (!offer) return undefined;
  const headers = { ...rangeOf(part), ...(part.version ? { 'if-match': part.version.id } : {}) };
  const refused = refusal(subject, part, offer.size);
  const call = { method: 'GET', doing: DOING, subject, signed: offer.signed, headers, refused } as const;
  const response = await sendSigned(direct.net, client.clock, call, io);
  try {
    const { start, size } = extentOf(response, part, subject);
    const told = response.headers['content-length'];
    const length = told === undefined ? {} : { length: Number(told) };
    return answeredBody({ entry: entryOf(path, response, size ?? offer.size), start, ...length }, response);
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
}

/**
 * Reads past the server where that is wanted and the server signs a URL, else through it. Only a server that cannot sign
 * (501, 404) is asked for the bytes; any other failure stands.
 */
export async function readEitherWay(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  part: Part,
  io: Io,
): Promise<Body> {
  const asked = await direct.opens('download', io);
  const body = asked ? await readDirect(client, direct, path, part, io) : undefined;
  if (body) return body;
  try {
    return await readObject(client, path, part, io);
  } catch (thrown) {
    if (asked || !isPresignedOnly(thrown)) throw thrown;
    direct.insist();
    const late = await readDirect(client, direct, path, part, io);
    if (late) return late;
    throw thrown;
  }
}

/** The ETag of what is stored at a path; undefined when the server signs no URL for it. */
export async function storedTag(
  client: ProxyClient,
  direct: Direct,
  path: ArtifactPath,
  io: Io,
): Promise<string | undefined> {
  const body = await readDirect(client, direct, path, { start: 0, length: 1 }, io);
  body?.stream.destroy();
  return body?.entry.version && tagOf(body.entry.version.id);
}
