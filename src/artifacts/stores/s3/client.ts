import type { Clock } from '../../../core/clock.ts';
import type { Io } from '../../../core/io.ts';
import { readText } from '../../../net/read-body.ts';
import type { Net, NetResponse } from '../../../net/net.ts';
import { actionOf } from './action.ts';
import { skewTold, skewWarning } from './clock-skew.ts';
import type { KeySource } from './credentials.ts';
import { urlOf, type Site } from './endpoint.ts';
import { refusalFailure, type Asked } from './failures.ts';
import type { Payload } from './payload.ts';
import { errorIn, readRefusal, type Refusal } from './refusal.ts';
import { EMPTY_SHA256, signedHeaders, type AwsKeys } from './sign.ts';
import { parseDocument, type Element } from './xml.ts';

/** One S3 request. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** For messages, such as `read`. */
  readonly doing: string;
  /** Redacted URI of what it is about. */
  readonly subject: string;
  /** The object; the bucket itself when absent. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: Payload;
  /** Whether sending it twice does no more than once, where its method does not say so already. */
  readonly repeatable?: true;
}

/** Signed S3 requests to one bucket. */
export interface BucketClient {
  readonly site: Site;
  /** Whether bodies travel unprotected by TLS. */
  readonly plain: boolean;
  /**
   * Sends a request; a success (status below 300) is given back, its body to be consumed or destroyed. The bucket's
   * region is learned from a refusal and the request signed anew for it, once; keys that have expired are renewed, once; a
   * clock that is off is set right by the server's, once.
   * A redirect is never followed: the region alone decides the host.
   * @throws Failure as `refusalFailure` maps it, and those of Net
   */
  send(call: Call, io: Io): Promise<NetResponse>;
  /** Sends a request whose success is an XML document; a 200 that holds an error is a failure. */
  ask(call: Call, io: Io): Promise<Element>;
  /** The same with the headers of the answer. */
  answer(call: Call, io: Io): Promise<Answer>;
  /** Whether the bucket answered anything successfully yet. */
  seen(): boolean;
}

/** An XML document, and the headers that came with it. */
export interface Answer {
  readonly document: Element;
  readonly headers: NetResponse['headers'];
}

export interface ClientOptions {
  readonly net: Net;
  readonly clock: Clock;
  readonly keys: KeySource;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Tells what a person should know and that stops nothing. */
  readonly warn?: (message: string) => void;
}

/** The largest XML answer, in bytes; a page of 1,000 keys of 1,024 bytes, percent-encoded, stays below. */
const MAX_XML_BYTES = 16 * 1024 * 1024;
/** Refusals of a HEAD that hide different reasons. */
const SILENT = new Set([301, 307, 400, 401, 403]);
const RENEWABLE = new Set(['ExpiredToken', 'InvalidToken', 'InvalidTokenId', 'TokenRefreshRequired']);

/** One bucket, and what is learned while talking to it. */
interface Talk {
  readonly site: Site;
  readonly options: ClientOptions;
  region: string;
  seen: boolean;
  /** By how much the server's clock is ahead of ours, in ms. */
  skewMs: number;
}

function otherRegion(refusal: Refusal, used: string): string | undefined {
  const told = [301, 307, 400].includes(refusal.status) ? refusal.region : undefined;
  return told === used ? undefined : told;
}

function isStale(refusal: Refusal): boolean {
  return refusal.status === 401 || RENEWABLE.has(refusal.code);
}

/** A HEAD is refused without a word; the same question as a GET of one byte or one key says why. */
function asGet(call: Call): Call {
  if (call.key === undefined) {
    return { ...call, method: 'GET', query: { 'list-type': '2', 'max-keys': '1' } };
  }
  return { ...call, method: 'GET', headers: { ...call.headers, range: 'bytes=0-0' } };
}

function askedOf(talk: Talk, call: Call): Asked {
  const { site } = talk;
  const { host } = urlOf({ ...site, style: 'path' }, talk.region, undefined);
  return { doing: call.doing, subject: call.subject, bucket: site.bucket, host, action: actionOf(call) };
}

async function transmit(talk: Talk, call: Call, keys: AwsKeys | undefined, io: Io): Promise<NetResponse> {
  const { payload, method } = call;
  const { options, region } = talk;
  const url = urlOf(talk.site, region, call.key, call.query);
  const given = Object.assign({}, options.headers, call.headers, payload?.headers);
  const signable = { method, url, headers: given, payloadHash: payload?.hash ?? EMPTY_SHA256 };
  const headers = signedHeaders(signable, keys, { region, now: options.clock.now() + talk.skewMs });
  const repeatable = call.repeatable === undefined ? {} : { repeatable: true as const };
  const request = { method, url, headers, redirect: 'manual' as const, ...repeatable };
  if (payload === undefined) return options.net.send(request, io);
  const body = await payload.open(io);
  if (body instanceof Uint8Array) {
    const response = await options.net.send({ ...request, body }, io);
    if (response.status < 300) io.progress?.(body.byteLength);
    return response;
  }
  const reopen = payload.replayable ? { reopen: async () => payload.open(io) } : {};
  return options.net.send({ ...request, body, ...reopen, length: payload.length }, io);
}

/** Finds out why a HEAD was refused, by failing with the reason; when it does not fail, what was learned may help. */
async function explain(talk: Talk, call: Call, io: Io): Promise<void> {
  const response = await send(talk, asGet(call), io);
  response.body.destroy();
}

/** A refusal, and how the request was signed. */
interface Refused {
  readonly by: Refusal;
  readonly region: string;
  readonly skewMs: number;
  readonly keys: AwsKeys | undefined;
}

/** What one request has tried after refusals; each thing is tried once. */
interface Tried {
  moved?: true;
  timed?: true;
  renewed?: true;
  explained?: true;
}

/** Takes the server's time for signatures when ours is what it minds. */
function learnTime(talk: Talk, call: Call, refused: Refused, io: Io): boolean {
  const skewMs = skewTold(refused.by, talk.options.clock.now(), refused.skewMs);
  if (skewMs === undefined) return false;
  // Many requests are refused at once; the first one has said it.
  if (refused.skewMs !== talk.skewMs) return true;
  const { host } = askedOf(talk, call);
  talk.skewMs = skewMs;
  io.trace?.('clock', { host, skewMs });
  talk.options.warn?.(skewWarning(host, skewMs));
  return true;
}

/** Makes the next try of a refused request different; false when there is nothing left to try. */
async function prepareAgain(
  talk: Talk,
  call: Call,
  refused: Refused,
  tried: Tried,
  io: Io,
): Promise<boolean> {
  if (call.payload?.replayable === false) return false;
  const next = otherRegion(refused.by, refused.region);
  if (!tried.moved && next !== undefined) {
    io.trace?.('region', { bucket: talk.site.bucket, region: next });
    talk.region = next;
    return (tried.moved = true);
  }
  if (!tried.timed && learnTime(talk, call, refused, io)) return (tried.timed = true);
  if (!tried.renewed && isStale(refused.by) && talk.options.keys.reject(refused.keys)) {
    return (tried.renewed = true);
  }
  if (!tried.explained && call.method === 'HEAD' && SILENT.has(refused.by.status)) {
    await explain(talk, call, io);
    return (tried.explained = true);
  }
  return false;
}

async function send(talk: Talk, call: Call, io: Io): Promise<NetResponse> {
  for (const tried: Tried = {}; ;) {
    const keys = await talk.options.keys.get(io);
    const { region, skewMs } = talk;
    const response = await transmit(talk, call, keys, io);
    if (response.status < 300) {
      talk.seen = true;
      return response;
    }
    const by = await readRefusal(response);
    const again = await prepareAgain(talk, call, { by, region, skewMs, keys }, tried, io);
    if (!again) throw refusalFailure(askedOf(talk, call), by);
  }
}

async function answer(talk: Talk, call: Call, io: Io): Promise<Answer> {
  const response = await send(talk, call, io);
  const text = (await readText(response, MAX_XML_BYTES)).trimStart();
  const document = parseDocument(text, call.subject);
  const told = errorIn(document);
  if (told.code !== '') throw refusalFailure(askedOf(talk, call), { status: 500, ...told });
  return { document: document.root, headers: response.headers };
}

/** The client of one bucket; clients of one backend share connections and keys. */
export function createBucketClient(site: Site, options: ClientOptions): BucketClient {
  const talk: Talk = { site, options, region: site.region, seen: false, skewMs: 0 };
  return {
    site,
    plain: site.endpoint?.protocol === 'http:',
    send: async (call, io) => send(talk, call, io),
    ask: async (call, io) => (await answer(talk, call, io)).document,
    answer: async (call, io) => answer(talk, call, io),
    seen: () => talk.seen,
  };
}
