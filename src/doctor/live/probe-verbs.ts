import { randomBytes } from 'node:crypto';
import { bytesSource } from '../../artifacts/sources.ts';
import type { ArtifactStore } from '../../artifacts/store.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import { cleanupIo, type Io } from '../../core/io.ts';
import type { Clock } from '../../core/clock.ts';
import type { Leftover } from './leftover.ts';
import { probeName, removeProbes, staleProbes, unlinkProbe } from './probe-file.ts';

export type Verb = 'list' | 'delete' | 'put' | 'get' | 'ranged get' | 'multipart abort';

/** One thing that was tried at a root. */
export interface Tried {
  readonly verb: Verb;
  readonly tookMs: number;
  /** How many bytes moved. */
  readonly bytes?: number;
  readonly failure?: Failure;
}

const PROBE_BYTES = 1024 * 1024;
const RANGE = { start: 1000, length: 24 } as const;
const PART_BYTES = 5 * 1024 * 1024;

interface Trial {
  readonly store: ArtifactStore;
  readonly path: ArtifactPath;
  readonly clock: Clock;
  readonly io: Io;
  readonly tried: Tried[];
}

/** Tries one verb and notes how it went. @returns whether it went well @throws Failure when it was told to stop */
async function attempt({ clock, io, tried }: Trial, verb: Verb, work: () => Promise<unknown>, bytes = 0) {
  const began = clock.now();
  const note = (failure?: Failure): boolean => {
    const tookMs = clock.now() - began;
    tried.push({ verb, tookMs, ...(bytes > 0 ? { bytes } : {}), ...(failure ? { failure } : {}) });
    return failure === undefined;
  };
  try {
    await work();
    return note();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    return note(thrown);
  }
}

/** The first page of the root; what killed doctors left there is removed. */
async function list({ store, clock, io }: Trial, mayRemove: boolean): Promise<void> {
  for await (const page of store.list('', { recursive: false }, io)) {
    if (mayRemove) await removeProbes(store, staleProbes(page, clock), io);
    return;
  }
}

async function readBack(
  { store, path, io }: Trial,
  wanted: Buffer,
  range: { readonly start?: number; readonly length?: number },
): Promise<void> {
  const body = await store.read(path, range, io);
  const chunks: Buffer[] = [];
  for await (const chunk of body.stream) chunks.push(Buffer.from(chunk as Uint8Array));
  const found = Buffer.concat(chunks);
  if (found.equals(wanted)) return;
  throw new Failure({
    kind: 'corrupt',
    message: `a probe written to ${store.label} reads back as ${found.length} other bytes instead of ${wanted.length}`,
    subject: store.label,
    hint: 'ask whoever runs that store: a proxy or a gateway in between rewrites or cuts bodies',
  });
}

/** An upload that is given up at once. One that the server does not offer is no failure. */
async function abortUpload({ store, path, io }: Trial): Promise<void> {
  const { multipart } = store;
  if (!multipart) return;
  const partBytes = Math.max(multipart.minBytes, PART_BYTES);
  const plan = { partBytes, size: partBytes, media: {} };
  let session;
  try {
    session = await multipart.begin(path, plan, io);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'unsupported') return;
    throw thrown;
  }
  await session.abort(cleanupIo(io));
}

/** Whether giving up uploads is allowed, asked by an upload that does not exist: one that stays would be billed. */
async function mayAbort({ store, path, io }: Trial): Promise<void> {
  const attached = store.multipart?.attach?.(path, 'mlstow-doctor', { partBytes: PART_BYTES, media: {} });
  try {
    await attached?.abort(io);
  } catch (thrown) {
    if (asFailure(thrown, store.label).kind === 'denied') throw thrown;
  }
}

async function writeAndRead(trial: Trial): Promise<void> {
  const { store, path, io } = trial;
  const bytes = randomBytes(PROBE_BYTES);
  const write = async (): Promise<unknown> => store.write(path, bytesSource(bytes), {}, io);
  const { start, length } = RANGE;
  const part = bytes.subarray(start, start + length);
  if (!(await attempt(trial, 'put', write, bytes.length))) return;
  await attempt(trial, 'get', async () => readBack(trial, bytes, {}), bytes.length);
  if (store.traits.ranges === 'any' && !store.bulk)
    await attempt(trial, 'ranged get', async () => readBack(trial, part, RANGE));
}

/** What may be tried besides listing. */
export interface Allowed {
  readonly writes: boolean;
  /** Whether an upload in parts may be begun; a proxying server takes none at its root. */
  readonly parts: boolean;
}

/** What was tried at a root, and what stays there of the probe. */
export interface Probed {
  readonly tried: readonly Tried[];
  readonly left?: Leftover;
}

/**
 * Tries what artifacts need at a root: list, put, get, ranged get, delete, give up an upload. Nothing is written where
 * deleting is denied, since that could not be removed again; what is written is removed whatever happens.
 * @throws Failure when it is told to stop
 */
export async function probeVerbs(
  store: ArtifactStore,
  { writes, parts }: Allowed,
  clock: Clock,
  io: Io,
): Promise<Probed> {
  const trial: Trial = { store, path: probeName(clock), clock, io, tried: [] };
  const { tried } = trial;
  await attempt(trial, 'list', async () => list(trial, writes));
  if (!writes) return { tried };
  const left = await moveBytes(trial);
  if (store.multipart && parts && !store.bulk) await tryParts(trial);
  return { tried, ...(left ? { left } : {}) };
}

async function moveBytes(trial: Trial): Promise<Leftover | undefined> {
  const { store, path, io, tried } = trial;
  if (!(await attempt(trial, 'delete', async () => unlinkProbe(store, path, io)))) return undefined;
  tried.pop();
  let left: Leftover | undefined;
  const remove = async (): Promise<void> => {
    left = await removeProbes(store, [path], cleanupIo(io));
  };
  await writeAndRead(trial).catch(async (thrown: unknown) => {
    await remove().catch(() => io.trace?.('probe-left', { probe: path }));
    throw thrown;
  });
  await attempt(trial, 'delete', remove);
  return left;
}

async function tryParts(trial: Trial): Promise<void> {
  if (!(await attempt(trial, 'multipart abort', async () => mayAbort(trial)))) return;
  trial.tried.pop();
  await attempt(trial, 'multipart abort', async () => abortUpload(trial));
}
