import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { formatLocation } from '../../core/location.ts';
import { encodePath, type ArtifactPath } from '../../core/artifact-path.ts';
import { readStart } from '../../net/read-body.ts';
import type { Context } from '../context.ts';
import { probeName, removeLateProbe, withProbe } from './probe-file.ts';
import { probePlace, type ProbePlace } from './probe-place.ts';
import { sharedLook } from './shared-look.ts';

/** How one upload through the proxy ended. */
export interface Upload {
  readonly bytes: number;
  readonly tookMs: number;
  /** Absent where the connection failed. */
  readonly status?: number;
  /** The `Server` header: who answered. */
  readonly by?: string;
  readonly failure?: Failure;
}

/** Uploads of growing size through a proxying server, until one is refused. */
export interface UploadSizes {
  /** Absent: why nothing was uploaded. */
  readonly skipped?: string;
  readonly uploads: readonly Upload[];
  /** The first size that was refused for its size, and the largest one that was not, in bytes. */
  readonly limit?: { readonly refused: number; readonly passed: number };
}

const MIB = 1024 * 1024;
const SIZES = [64 * 1024, 2 * MIB, 8 * MIB, 32 * MIB] as const;
/** An upload that would take longer than this, at the rate of the one before it, is not tried, in ms. */
const LONGEST_MS = 5_000;
const SILENCE_MS = 12_000;
/** How long an upload that was cut off may still turn up at the server, in ms. */
const LATE_MS = 8_000;
const HALVINGS = 4;
const MAX_BYTES = 16 * 1024;

interface Target {
  readonly context: Context;
  readonly place: ProbePlace;
  readonly io: Io;
}

export function worked({ status }: Upload): boolean {
  return status !== undefined && status < 300;
}

/** One PUT, as any client sends it: no retry, so that what cut it can be told. */
async function send({ context, place, io }: Target, path: ArtifactPath, bytes: number): Promise<Upload> {
  const { net, authorizer } = await context.server();
  const url = new URL(`${formatLocation(place.location)}/${encodePath(path)}`);
  const body = Buffer.alloc(bytes);
  const plain = { 'user-agent': 'mlstow', 'content-type': 'application/octet-stream' };
  const headers = { ...plain, ...(await authorizer.authorize('PUT', url, plain, body)) };
  const began = context.clock.now();
  try {
    const response = await net.send(
      { method: 'PUT', url, headers, body, redirect: 'manual', idleMs: SILENCE_MS },
      io,
    );
    await readStart(response, MAX_BYTES);
    const by = response.headers['server'];
    const tookMs = context.clock.now() - began;
    return { bytes, tookMs, status: response.status, ...(by === undefined ? {} : { by }) };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    return { bytes, tookMs: context.clock.now() - began, failure: thrown };
  }
}

/** Each upload has a name of its own: one that was cut off may arrive when it was removed already. */
async function upload(target: Target, bytes: number): Promise<Upload> {
  const { context, place, io } = target;
  const path = probeName(context.clock);
  const done = await withProbe(place.store, path, io, async () => send(target, path, bytes));
  if (!worked(done) && done.status !== 413)
    await removeLateProbe(place.store, path, LATE_MS, context.clock, io);
  return done;
}

/** Narrows down where uploads begin to be refused for their size. */
async function narrow(
  target: Target,
  passed: number,
  refused: number,
): Promise<NonNullable<UploadSizes['limit']>> {
  let limit = { passed, refused };
  for (let n = 0; n < HALVINGS; n += 1) {
    const middle = Math.round((limit.passed + limit.refused) / 2);
    const tried = await upload(target, middle);
    if (tried.status !== 413 && !worked(tried)) break;
    limit = tried.status === 413 ? { ...limit, refused: middle } : { ...limit, passed: middle };
  }
  return limit;
}

/**
 * Uploads probes of growing size into the run that probes may be written to, where a server proxies its artifacts. They
 * are removed again, also when one that a proxy cut off arrives late.
 * @throws Failure as finding the run and its place does, and when a probe cannot be removed
 */
export const uploadSizes = sharedLook(async (context, io): Promise<UploadSizes> => {
  const place = await probePlace(context, io);
  if (!place.proxied) return { skipped: 'artifacts do not go through a server', uploads: [] };
  const target = { context, place, io };
  const uploads: Upload[] = [];
  for (const bytes of SIZES) {
    const last = uploads.at(-1);
    if (last && (last.tookMs * bytes) / last.bytes > LONGEST_MS && last.bytes > MIB) break;
    const tried = await upload(target, bytes);
    uploads.push(tried);
    if (tried.status === 413 && last) return { uploads, limit: await narrow(target, last.bytes, bytes) };
    if (!worked(tried)) break;
  }
  return { uploads };
});

/** How long the checks of uploads may take, in ms. */
export const UPLOADS_MS = 25_000;
