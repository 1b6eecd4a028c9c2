import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Tally } from '../../../core/hash.ts';
import type { Precondition, Receipt, Stored } from '../../store.ts';
import { wholeCrc } from '../../whole-crc.ts';
import { subjectOf, type Root } from './root.ts';

/** Chunks but the last are multiples of this, in bytes. */
export const ALIGNMENT = 256 * 1024;

/**
 * A resumable session as this process knows it. Bytes `[0, kept)` are at the service; `held` are those from `heldAt` on,
 * which wait because the service takes whole multiples of 256 KiB only and because the last byte publishes the object.
 */
export interface UploadState {
  readonly root: Root;
  readonly path: ArtifactPath;
  /** A bearer secret: whoever has it can write. */
  readonly uri: URL;
  readonly when: Precondition | undefined;
  kept: number;
  /** Whether `kept` is what the service has; false after a request whose end is unknown. */
  sure: boolean;
  heldAt: number;
  held: Buffer;
  /** Of the part that is put: each byte is counted once, however often it is sent. */
  counted?: { readonly offset: number; readonly tally: Tally };
  ended: boolean;
  /** Whether another process began it, so that bytes of parts that were never put here are at the service. */
  readonly attached: boolean;
  /** Whether any part was put here. */
  begun: boolean;
  done?: Stored;
}

/** A session of which nothing was sent yet, or of which nobody here knows what was. */
export function newState(
  given: Pick<UploadState, 'root' | 'path' | 'uri' | 'when' | 'attached'>,
): UploadState {
  const held = Buffer.alloc(0);
  return { ...given, kept: 0, sure: !given.attached, heldAt: 0, held, ended: false, begun: false };
}

/** How many bytes the session was given. */
export function given({ heldAt, held }: UploadState): number {
  return heldAt + held.byteLength;
}

/** How far a session that was given `end` bytes may be sent before its commit: at least one byte is kept back. */
export function sendableUpTo(end: number): number {
  return Math.max(0, Math.floor((end - 1) / ALIGNMENT)) * ALIGNMENT;
}

/** The CRC32C of all bytes, in hex; undefined when that of a part is not known. */
export function crc32cOf(receipts: readonly Receipt[]): string | undefined {
  return wholeCrc(
    'crc32c',
    receipts.toSorted((a, b) => a.number - b.number),
  );
}

export function uploadFailure(
  { root, path }: UploadState,
  kind: Failure['kind'],
  reason: string,
  cause?: unknown,
): Failure {
  const subject = subjectOf(root, path);
  return new Failure({ kind, message: `cannot finish ${subject}: ${reason}`, subject }, cause);
}

/**
 * The service forgot bytes that are no longer at hand, or the whole session. Whoever took the upload up again begins it
 * anew; to whoever began it, the service failed.
 */
export function lost(state: UploadState, reason: string, cause?: unknown): Failure {
  const kind = state.attached ? 'not-found' : 'unavailable';
  return uploadFailure(state, kind, reason, cause).with({ hint: 'log the file again' });
}
