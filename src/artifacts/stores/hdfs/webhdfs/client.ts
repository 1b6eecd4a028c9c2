import type { Readable } from 'node:stream';
import type { Under } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Net, NetResponse } from '../../../../net/net.ts';
import { readStart, readText } from '../../../../net/read-body.ts';
import type { Credentials } from '../credentials.ts';
import { hdfsFailure, refusalFailure } from '../failures.ts';
import { encodePlace } from './encode-place.ts';
import type { Call } from './call.ts';
import { checkedLocation } from './redirect.ts';
import { toldBy } from './told.ts';

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** The name nodes of one file system, or a gateway to it. */
export interface NameNodes {
  /** Addresses that end in `/webhdfs/v1`, without a slash; the one that answered last comes first. */
  readonly urls: URL[];
  readonly net: Net;
  readonly credentials: Credentials;
  /** Set once it showed that it takes bytes itself: HttpFS, which knows no options of RENAME, or a proxy. */
  gateway?: boolean;
}

/** One root on them. */
export interface WebHdfsClient {
  readonly nameNodes: NameNodes;
  /** The root's redacted URI. */
  readonly label: string;
  /** Its absolute path, decoded, without a slash at the end; '' for the whole file system. */
  readonly root: string;
}

/** The redacted URI of a path. */
export function subjectOf({ label }: WebHdfsClient, path: Under): string {
  return path === '' ? label : `${label.replace(/\/$/, '')}/${path}`;
}

/** The absolute path of a path. */
export function placeOf({ root }: WebHdfsClient, path: Under): string {
  if (path === '') return root === '' ? '/' : root;
  return `${root}/${path}`;
}

/** Where a call is made at a name node. */
function urlOf(base: URL, call: Call, credentials: Credentials): URL {
  const url = new URL(base);
  url.pathname += encodePlace(call.path);
  const query = { op: call.op, ...call.query, ...credentials.query() };
  url.search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return url;
}

/** Whether another name node may do what this one could not: it is a standby, or not there. */
function isElsewhere(thrown: unknown): thrown is Failure {
  if (!(thrown instanceof Failure)) return false;
  const { kind, effect = 'none', vendor } = thrown.facts;
  if (vendor?.code === 'StandbyException') return true;
  return (kind === 'unavailable' || kind === 'timeout') && effect === 'none' && vendor?.status === undefined;
}

async function ask(nameNodes: NameNodes, base: URL, call: Call, io: Io): Promise<NetResponse> {
  const { net, credentials } = nameNodes;
  for (let again = false; ; again = true) {
    const url = urlOf(base, call, credentials);
    const headers: Record<string, string> = {
      'user-agent': 'mlstow',
      ...(await credentials.headers(url, io)),
    };
    const answer = await net.send({ method: call.method, url, headers, redirect: 'manual' }, io);
    const repeat = credentials.learn(answer, headers);
    if (answer.status < 400) return answer;
    const told = toldBy(answer, await readStart(answer, MAX_ERROR_BYTES));
    if (!repeat || again) throw refusalFailure(told, call);
  }
}

/** Where it was looked for, since the port of a location is RPC's and often the only one that is open. */
function unreached(failure: Failure, { urls }: NameNodes): Failure {
  if (failure.facts.vendor?.status !== undefined) return failure;
  const asked = urls.map(({ origin }) => origin).join(' and ');
  const hint =
    `WebHDFS was looked for at ${asked}; set MLSTOW_HDFS_WEBHDFS_URL or HADOOP_CONF_DIR if it is elsewhere, ` +
    'MLSTOW_HDFS_DRIVER=cli where only RPC is open';
  return failure.with({ hint, settings: ['hdfs.webhdfsUrl', 'hdfs.confDir', 'hdfs.driver'] });
}

/**
 * Asks the name node; an active one is found among two. Answers below 400 are given back, redirects included.
 * @throws Failure by the exception that it told (`failures.ts`); those of the connection
 */
export async function askNameNode(client: WebHdfsClient, call: Call, io: Io): Promise<NetResponse> {
  const { nameNodes } = client;
  let first: Failure | undefined;
  for (const url of nameNodes.urls.slice()) {
    try {
      const answer = await ask(nameNodes, url, call, io);
      // The next call starts where this one was answered.
      nameNodes.urls.sort((a, b) => Number(b === url) - Number(a === url));
      return answer;
    } catch (thrown) {
      if (!isElsewhere(thrown) || io.signal.aborted) throw thrown;
      first ??= thrown;
    }
  }
  if (first) throw unreached(first, nameNodes);
  throw hdfsFailure('misconfigured', client.label, `${client.label} has no name node`);
}

/** Asks the name node for JSON. @throws Failure misconfigured when it is something else */
export async function askJson(client: WebHdfsClient, call: Call, io: Io): Promise<Record<string, unknown>> {
  const answer = await askNameNode(client, call, io);
  const { status, url } = answer;
  const text = await readText(answer, MAX_JSON_BYTES);
  try {
    const parsed: unknown = status === 200 ? JSON.parse(text === '' ? '{}' : text) : undefined;
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Told below: neither JSON nor a refusal.
  }
  throw refusalFailure({ host: url.host, status, exception: '', message: '' }, call);
}

/** Bytes for a data node. */
export interface Upload {
  readonly body: Readable;
  /** Bytes of `body`, when they are known. */
  readonly length?: number;
}

/**
 * Makes a call in two steps: the name node, which gets no bytes, tells the data node, which gets nothing but what the
 * name node put into its address. A gateway names itself; then it gets our credentials again.
 * @throws Failure misconfigured when the address is not one for this call; by the exception that was told
 */
export async function askDataNode(
  client: WebHdfsClient,
  call: Call,
  upload: Upload | undefined,
  io: Io,
): Promise<NetResponse> {
  const named = await askNameNode(client, call, io);
  // A gateway gives the bytes of a file at once.
  if (named.status === 200 && !upload) return named;
  named.body.destroy();
  const url = checkedLocation(named, call);
  const own = url.origin === named.url.origin;
  if (own) client.nameNodes.gateway = true;
  const headers = {
    'user-agent': 'mlstow',
    ...(own ? await client.nameNodes.credentials.headers(url, io) : {}),
    ...(upload ? { 'content-type': 'application/octet-stream' } : {}),
  };
  const { net } = client.nameNodes;
  const request = { method: call.method, url, headers, redirect: 'manual' } as const;
  const answer = await net.send(
    upload
      ? {
          ...request,
          body: upload.body,
          ...(upload.length === undefined ? {} : { length: upload.length }),
        }
      : request,
    io,
  );
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refusalFailure(toldBy(answer, await readStart(answer, MAX_ERROR_BYTES)), call);
}
