import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Part, Receipt, Source } from '../../store.ts';
import { wrongSize } from '../../announced.ts';
import { askStatus, sendPiece } from './resumable.ts';
import { given, lost, sendableUpTo, uploadFailure, type UploadState } from './upload-state.ts';

/** Requests without a byte kept after which a part is given up. */
const MAX_FRUITLESS = 3;

/** A part on its way: what of it may be sent, and what is found at its end. */
interface Transfer {
  readonly state: UploadState;
  readonly part: Part;
  readonly source: Source;
  /** The object's bytes before this one are sent, the others are held. */
  readonly sendEnd: number;
  readonly io: Io;
  tail: Buffer;
}

/** The part's bytes that were counted yet, up to this offset of the object. */
function countedTo({ counted }: UploadState, part: Part): number {
  return counted?.offset === part.offset ? part.offset + counted.tally.bytes : part.offset;
}

/**
 * Bytes from `from` to the end of the part: what is held, then the source's. Bytes before `from` that were never counted
 * (another process sent them) are read too, and not given.
 */
async function* bytesFrom(transfer: Transfer, from: number): AsyncGenerator<Uint8Array> {
  const { state, part, source, io } = transfer;
  const { tally } = state.counted ?? {};
  if (from < part.offset) yield state.held.subarray(from - state.heldAt);
  let read = Math.max(0, Math.min(from, countedTo(state, part)) - part.offset);
  for await (const chunk of (await source.open(read, io.signal)) as AsyncIterable<Uint8Array>) {
    const at = part.offset + read;
    read += chunk.byteLength;
    if (read > part.size) throw wrongSize(read, part.size);
    // A byte that is sent again was counted already.
    const known = Math.min(Math.max(0, countedTo(state, part) - at), chunk.byteLength);
    if (known < chunk.byteLength) tally?.add(chunk.subarray(known));
    if (from < at + chunk.byteLength) yield chunk.subarray(Math.max(0, from - at));
    io.progress?.(chunk.byteLength);
  }
  if (read !== part.size) throw wrongSize(read, part.size);
}

/**
 * Gives what may be sent and keeps the rest as the tail. The last bytes to be sent are given when the tail is there: the
 * service answers as soon as it has them, and nothing more is read then.
 */
async function* cut(transfer: Transfer, from: number): AsyncGenerator<Uint8Array> {
  const rest: Uint8Array[] = [];
  let at = from;
  let last: Uint8Array | undefined;
  for await (const chunk of bytesFrom(transfer, from)) {
    const room = Math.max(0, Math.min(chunk.byteLength, transfer.sendEnd - at));
    // Copies: the chunk's memory may be a piece of a much larger one, or used again.
    if (room < chunk.byteLength) rest.push(Buffer.from(chunk.subarray(room)));
    if (room > 0 && at + room === transfer.sendEnd) last = Buffer.from(chunk.subarray(0, room));
    else if (room > 0) yield chunk.subarray(0, room);
    at += chunk.byteLength;
  }
  transfer.tail = Buffer.concat(rest);
  if (last) yield last;
}

/** Sends from what the service has to the last byte that may be sent; true when it has them all. */
async function sendRest(transfer: Transfer): Promise<boolean> {
  const { state, sendEnd, source, io } = transfer;
  const from = state.kept;
  if (from < state.heldAt) throw lost(state, 'the service lost bytes that it had');
  if (from >= sendEnd) {
    for await (const chunk of cut(transfer, from)) throw new TypeError(`${chunk.byteLength} bytes too many`);
    return true;
  }
  const { replayable } = source;
  const outcome = await sendPiece(
    state,
    { from, to: sendEnd, replayable, chunks: () => cut(transfer, from) },
    io,
  );
  if ('finished' in outcome) throw lost(state, 'the service published it before its end');
  return outcome.kept === sendEnd;
}

/** Learns what the service has, when a request before left that open. */
async function makeSure(state: UploadState, io: Io): Promise<void> {
  if (state.sure) return;
  const outcome = await askStatus(state, '*', io);
  if ('finished' in outcome) throw lost(state, 'the service published it before its end');
}

/** Makes sure that a part is the next one, and that it can be: what is before it is at the service or held. */
async function startPart(state: UploadState, part: Part, source: Source, io: Io): Promise<Tally> {
  const first = state.attached && !state.begun;
  const next = first || part.offset === given(state);
  if (!next || (source.size !== undefined && source.size !== part.size)) {
    throw uploadFailure(state, 'invalid', `part ${part.number} is not the next one`);
  }
  await makeSure(state, io);
  if (first) {
    if (state.kept < part.offset) throw lost(state, 'the service lost bytes that it had');
    state.heldAt = part.offset;
    state.begun = true;
  }
  if (state.counted?.offset !== part.offset) {
    state.counted = { offset: part.offset, tally: createTally(['crc32c']) };
  }
  return state.counted.tally;
}

/**
 * Takes the next part into a session. What the service did not keep is sent again from there; the last bytes wait for the
 * next part or the commit.
 * @throws Failure invalid (not the next part), changed (other bytes than announced), unavailable
 */
export async function putPart(state: UploadState, part: Part, source: Source, io: Io): Promise<Receipt> {
  const tally = await startPart(state, part, source, io);
  const sendEnd = sendableUpTo(part.offset + part.size);
  const transfer: Transfer = { state, part, source, sendEnd, io, tail: Buffer.alloc(0) };
  for (let fruitless = 0; ;) {
    const before = state.kept;
    if (await sendRest(transfer)) break;
    fruitless = state.kept > before ? 0 : fruitless + 1;
    if (fruitless === MAX_FRUITLESS || !source.replayable) {
      throw uploadFailure(state, 'unavailable', 'the service keeps less than it is sent').with({
        retry: 'later',
      });
    }
  }
  state.held = transfer.tail;
  state.heldAt = part.offset + part.size - transfer.tail.byteLength;
  delete state.counted;
  const [checksum] = tally.checksums();
  return { ...part, tag: String(part.number), ...(checksum ? { checksum } : {}) };
}
