import { closeSync, fstatSync, fsync, open, read, write } from 'node:fs';
import { promisify } from 'node:util';

/**
 * System calls on plain file descriptors, which fail with Node's own errors. They cost half of what file handles do,
 * which counts where files are many and small; whoever opens one closes it.
 */
export const descriptors = {
  open: promisify(open),
  read: promisify(read),
  write: promisify(write),
  fsync: promisify(fsync),
  /** At once: the kernel knows what it holds open, and a thread that asks it would cost ten times as much. */
  fstat: fstatSync,
  /** At once, too: of what was only read, was synced or is given up, nothing has to be written any more. */
  close: closeSync,
};

/** Writes all bytes, from the start of the file on. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await descriptors.write(fd, bytes, at, bytes.byteLength - at, at);
    at += bytesWritten;
  }
}
