import type {
  ArtifactStore,
  Multipart,
  Receipt,
  Stored,
  UploadPlan,
  UploadSession,
} from '../../artifacts/store.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { UploadFile } from '../items.ts';
import { bareIdentity, type EarlierUpload, type Identity, type Journal } from './journal/journal.ts';
import type { Uploading } from './uploading.ts';

/** An upload that goes on: parts that the store holds need not be sent again. */
export interface Resumed {
  readonly session: UploadSession;
  readonly partBytes: number;
  readonly receipts: readonly Receipt[];
  /** What the interrupted try stored, where it was killed between that and its note of it. */
  readonly stored?: Stored;
}

/** How far the store's clock and ours may be apart when an upload is recognized by the time of its beginning, in ms. */
const CLOCKS_APART_MS = 5 * 60_000;

/** Begins an upload in parts; that it is begun, and by which name the store knows it, is written down first. */
export async function beginUpload(
  { journal, options, io }: Uploading,
  multipart: Multipart,
  { path, identity }: UploadFile,
  plan: UploadPlan,
): Promise<UploadSession> {
  const { partBytes } = plan;
  await journal.begin({
    path,
    partBytes,
    at: options.clock.now(),
    ...(identity ? { identity: bareIdentity(identity) } : {}),
  });
  const session = await multipart.begin(path, plan, io);
  await journal.token(path, session.token);
  return session;
}

/**
 * Goes on with what an interrupted try began, as far as journal and store agree on it. What cannot go on (the file is
 * another one by now, the store cannot be asked, the upload expired) is given up, so that nothing of it stays.
 */
export async function takeUp(
  uploading: Uploading,
  multipart: Multipart,
  file: UploadFile,
  plan: UploadPlan,
): Promise<Resumed | undefined> {
  const { store, journal, io } = uploading;
  const earlier = journal.takeUpload(file.path);
  if (!earlier) return undefined;
  const session = sessionOf(multipart, earlier, plan);
  if (session?.confirmed && isSame(earlier.identity, file.identity)) {
    const { partBytes } = earlier;
    const receipts = await agreed(session, earlier, multipart.order, io);
    const stored = await finishedBefore(session, earlier, receipts, io);
    if (stored) return { session, partBytes, receipts: earlier.receipts, stored };
    if (receipts) return { session, partBytes, receipts };
  }
  await discard(store, journal, earlier, io);
  return undefined;
}

function sessionOf(
  multipart: Multipart,
  { path, token, partBytes }: EarlierUpload,
  plan: UploadPlan,
): UploadSession | undefined {
  if (token === undefined) return undefined;
  return multipart.attach?.(path as ArtifactPath, token, { ...plan, partBytes });
}

function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino
  );
}

/** The parts that both the journal and the store have; undefined when the upload is not there any more. */
async function agreed(
  session: UploadSession,
  { receipts }: EarlierUpload,
  order: Multipart['order'],
  io: Io,
): Promise<readonly Receipt[] | undefined> {
  const known = new Map(receipts.map((receipt) => [receipt.number, receipt]));
  const both: Receipt[] = [];
  try {
    for await (const page of session.confirmed?.(io) ?? []) {
      for (const { number, size, tag } of page) {
        const mine = known.get(number);
        if (mine?.size === size && mine.tag === tag) both.push(mine);
      }
    }
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'not-found') return undefined;
    throw thrown;
  }
  both.sort((a, b) => a.number - b.number);
  return order === 'any' ? both : both.filter(({ number }, index) => number === index + 1);
}

/**
 * What the interrupted try stored, where it had sent every part and the store holds fewer by now: asked to finish it
 * again, the store tells whether it did so already.
 */
async function finishedBefore(
  session: UploadSession,
  { receipts, identity }: EarlierUpload,
  held: readonly Receipt[] | undefined,
  io: Io,
): Promise<Stored | undefined> {
  const size = receipts.reduce((sum, part) => sum + part.size, 0);
  if (size !== identity?.size || held?.length === receipts.length) return undefined;
  try {
    const sorted = receipts.toSorted((a, b) => a.number - b.number);
    return await session.commit(sorted, { size, checksums: [] }, io);
  } catch (thrown) {
    if (io.signal.aborted) throw thrown;
    return undefined;
  }
}

/**
 * Removes what writes of an interrupted try left where such are files of their own: those tell whose they are, so that
 * nothing of another process is ever taken.
 */
export async function discardLeftFiles({ store, journal, options, io }: Uploading): Promise<void> {
  const { incomplete } = store;
  if (!incomplete?.owned) return;
  // The notes name what is to be found again, so they are there before it is.
  await journal.ready();
  if (!journal.resumed) return;
  try {
    for await (const page of incomplete.list(options.under ?? '', io))
      for (const found of page) if (found.owner === journal.id) await incomplete.discard(found, io);
  } catch (thrown) {
    if (io.signal.aborted) return;
    io.trace?.('abort-failed', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

/** Gives up every upload that an interrupted try began and that nothing went on with. */
export async function discardLeftUploads(store: ArtifactStore, journal: Journal, io: Io): Promise<void> {
  for (const earlier of journal.leftUploads()) await discard(store, journal, earlier, io);
}

async function discard(
  store: ArtifactStore,
  journal: Journal,
  earlier: EarlierUpload,
  io: Io,
): Promise<void> {
  const { multipart } = store;
  const plan = { partBytes: earlier.partBytes, media: {} };
  const session = multipart && sessionOf(multipart, earlier, plan);
  const isGone = session ? await abortQuietly(session, io) : await discardListed(store, earlier, io);
  if (isGone) journal.gone(earlier.path);
}

/** An upload whose token was not written down is known by its path and the time of its beginning. */
async function discardListed(store: ArtifactStore, earlier: EarlierUpload, io: Io): Promise<boolean> {
  const { incomplete } = store;
  if (!incomplete) return true;
  const path = earlier.path as ArtifactPath;
  try {
    for await (const page of incomplete.list(path, io)) {
      for (const found of page) {
        const apart = found.started ? Math.abs(found.started.getTime() - earlier.at) : Infinity;
        const isOurs = found.token === earlier.token || apart <= CLOCKS_APART_MS;
        if (found.path === path && isOurs) await incomplete.discard(found, io);
      }
    }
    return true;
  } catch (thrown) {
    io.trace?.('abort-failed', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
    return false;
  }
}

/** Gives an upload up; trouble with that is only traced. */
export async function abortQuietly(session: UploadSession, io: Io): Promise<boolean> {
  try {
    await session.abort(io);
    return true;
  } catch (thrown) {
    io.trace?.('abort-failed', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
    return false;
  }
}
