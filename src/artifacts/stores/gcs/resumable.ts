import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import { discard } from '../../../net/read-body.ts';
import { streamOf } from './body.ts';
import { readObjectBody, type Outgoing } from './client.ts';
import type { Resource } from './entry.ts';
import { statusOf } from './failures.ts';
import { subjectOf } from './root.ts';
import { lost, uploadFailure, type UploadState } from './upload-state.ts';

/** What the service answers in a session: how many bytes it has, or the finished object. */
export type Outcome = { readonly kept: number } | { readonly finished: Resource };

/** Bytes `[from, to)` of the object. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** Bytes of the whole object, once they are known: then this is the last piece. */
  readonly total?: number;
  readonly replayable: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  chunks(): AsyncIterable<Uint8Array>;
}

const RANGE = /^bytes=0-(\d+)$/;
/** "Resume Incomplete", not a redirect. */
const INCOMPLETE = 308;

function keptOf(state: UploadState, { headers }: NetResponse): number {
  const range = headers['range'];
  if (range === undefined) return 0;
  const last = RANGE.exec(range)?.[1];
  if (last !== undefined) return Number(last) + 1;
  throw uploadFailure(state, 'corrupt', 'the service tells what it has in a way that is not understood');
}

async function outcomeOf(state: UploadState, response: NetResponse): Promise<Outcome> {
  if (response.status === INCOMPLETE) {
    discard(response);
    return { kept: keptOf(state, response) };
  }
  return { finished: await readObjectBody(response, subjectOf(state.root, state.path)) };
}

/** Sends one request of the session; after a failure nobody knows what the service has. */
async function exchange(
  state: UploadState,
  range: string,
  body: Outgoing | undefined,
  headers: Readonly<Record<string, string>>,
  io: Io,
): Promise<Outcome> {
  state.sure = false;
  try {
    const response = await state.root.client.send(
      {
        method: 'PUT',
        doing: 'store',
        subject: subjectOf(state.root, state.path),
        url: state.uri,
        bare: true,
        accept: [INCOMPLETE],
        headers: { 'content-range': range, ...headers },
        ...(body ? { body } : {}),
      },
      io,
    );
    const outcome = await outcomeOf(state, response);
    if ('kept' in outcome) {
      state.kept = outcome.kept;
      state.sure = true;
    }
    return outcome;
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status === 404 || status === 410) throw lost(state, 'the upload session has ended', thrown);
    throw thrown;
  }
}

/**
 * Sends bytes of the object. `kept` may be less than what was sent: the service keeps what it likes.
 * https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload
 */
export async function sendPiece(state: UploadState, piece: Piece, io: Io): Promise<Outcome> {
  const { from, to, total = '*', replayable } = piece;
  const range = to > from ? `bytes ${from}-${to - 1}/${total}` : `bytes */${total}`;
  const body: Outgoing = { length: to - from, replayable, open: () => streamOf(piece.chunks()) };
  const outcome = await exchange(state, range, body, piece.headers ?? {}, io);
  if ('kept' in outcome && outcome.kept > to) {
    throw uploadFailure(state, 'corrupt', `the service has ${outcome.kept} bytes where ${to} were sent`);
  }
  return outcome;
}

/**
 * Asks what the service has. Follows Google's description and is tested against a listener that plays it; no emulator
 * answers it rightly, and it was not run against Google itself.
 * https://cloud.google.com/storage/docs/performing-resumable-uploads#status-check
 */
export async function askStatus(state: UploadState, total: number | '*', io: Io): Promise<Outcome> {
  return exchange(state, `bytes */${total}`, undefined, {}, io);
}

/** Gives the session up; one that has ended is given up already. */
export async function cancelSession(state: UploadState, io: Io): Promise<void> {
  try {
    const response = await state.root.client.send(
      {
        method: 'DELETE',
        doing: 'give up the upload of',
        subject: subjectOf(state.root, state.path),
        url: state.uri,
        bare: true,
        headers: { 'content-length': '0' },
        accept: [404, 410, 499],
      },
      io,
    );
    discard(response);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind !== 'unsupported') throw thrown;
  }
}
