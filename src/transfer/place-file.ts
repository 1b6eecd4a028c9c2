import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Body, Entry } from '../artifacts/store.ts';
import type { Checksum } from '../core/checksum.ts';
import { Failure } from '../core/failure.ts';
import { createDigest, type Digest } from '../core/hash.ts';
import type { Io } from '../core/io.ts';
import { unwritable } from './contained-folder.ts';
import type { Proof } from './report.ts';

/** Checksums worth verifying, cheapest first. */
const PREFERRED: readonly Checksum['algorithm'][] = ['crc32', 'crc32c', 'md5', 'sha1', 'sha256'];

function wholeChecksum(entry: Entry): Checksum | undefined {
  const whole = entry.checksums.filter(({ scope }) => scope === 'whole');
  return PREFERRED.map((algorithm) => whole.find((each) => each.algorithm === algorithm)).find(
    (each) => each,
  );
}

/**
 * Writes a body as `file`: into a temporary file of the same folder, verified, synced and renamed. The name `file`
 * shows the old content or the whole new one, never a part; the temporary file is gone when this fails.
 * @throws Failure corrupt (length or checksum differ), no-space, denied, exists, and what the body fails with
 */
export async function placeFile(
  file: string,
  body: Body,
  listed: Entry,
  io: Io,
): Promise<{ readonly bytes: number; readonly proof: Proof }> {
  const partial = join(
    dirname(file),
    `.${basename(file).slice(0, 200)}.${randomBytes(6).toString('hex')}.partial`,
  );
  try {
    const written = await writePartial(partial, file, body, listed, io);
    await rename(partial, file).catch((thrown: unknown) => {
      throw unwritable(thrown, file);
    });
    return written;
  } catch (thrown) {
    body.stream.destroy();
    await rm(partial, { force: true });
    throw thrown;
  }
}

async function writePartial(
  partial: string,
  file: string,
  body: Body,
  listed: Entry,
  io: Io,
): Promise<{ readonly bytes: number; readonly proof: Proof }> {
  const expected = wholeChecksum(body.entry) ?? wholeChecksum(listed);
  const digest = expected && createDigest(expected.algorithm);
  const handle = await open(partial, 'wx').catch((thrown: unknown) => {
    throw unwritable(thrown, file);
  });
  try {
    const bytes = await pour(handle, file, body, digest, io);
    checkLength(file, bytes, body.entry.size ?? body.length ?? listed.size);
    if (expected && digest) checkDigest(file, expected, digest.hex());
    await handle.sync();
    if (expected) return { bytes, proof: 'checksum' };
    return { bytes, proof: (body.entry.size ?? body.length ?? listed.size) === undefined ? 'none' : 'size' };
  } finally {
    await handle.close();
  }
}

async function pour(
  handle: { write(buffer: Uint8Array): Promise<{ bytesWritten: number }> },
  file: string,
  body: Body,
  digest: Digest | undefined,
  io: Io,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of body.stream as AsyncIterable<Buffer>) {
    io.signal.throwIfAborted();
    for (let from = 0; from < chunk.byteLength;) {
      const { bytesWritten } = await handle.write(chunk.subarray(from)).catch((thrown: unknown) => {
        throw unwritable(thrown, file);
      });
      from += bytesWritten;
    }
    digest?.update(chunk);
    bytes += chunk.byteLength;
    io.progress?.(chunk.byteLength);
  }
  return bytes;
}

function checkLength(file: string, bytes: number, expected: number | undefined): void {
  if (expected === undefined || bytes === expected) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} ended after ${bytes} of ${expected} bytes`,
    hint: 'download it again; if it happens twice, a proxy between here and the store cuts bodies',
    subject: file,
  });
}

function checkDigest(file: string, expected: Checksum, found: string): void {
  if (found === expected.value) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} came with ${expected.algorithm} ${found}, the store says ${expected.value}`,
    hint: 'download it again',
    subject: file,
  });
}
