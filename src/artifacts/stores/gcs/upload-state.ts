import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Precondition, Stored } from '../../store.ts';
import { digestOf } from './body.ts';
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
  /** Of bytes `[0, tally.bytes)`, each counted once however often it is sent. */
  readonly tally: Tally;
  ended: boolean;
  crc32c?: string;
  done?: Stored;
}

/** A session of which nothing was sent yet. */
export function newState(given: Pick<UploadState, 'root' | 'path' | 'uri' | 'when'>): UploadState {
  return {
    ...given,
    kept: 0,
    sure: true,
    heldAt: 0,
    held: Buffer.alloc(0),
    tally: createTally(['crc32c']),
    ended: false,
  };
}

/** How many bytes the session was given. */
export function given({ heldAt, held }: UploadState): number {
  return heldAt + held.byteLength;
}

/** How far a session that was given `end` bytes may be sent before its commit: at least one byte is kept back. */
export function sendableUpTo(end: number): number {
  return Math.max(0, Math.floor((end - 1) / ALIGNMENT)) * ALIGNMENT;
}

/** The CRC32C of all bytes, in hex; asked when the last one was given. */
export function crc32cOf(state: UploadState): string {
  state.crc32c ??= digestOf(state.tally.checksums(), 'crc32c') ?? '';
  return state.crc32c;
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

/** The service forgot bytes that are no longer at hand, or the whole session. */
export function lost(state: UploadState, reason: string, cause?: unknown): Failure {
  return uploadFailure(state, 'unavailable', reason, cause).with({ hint: 'log the file again' });
}
