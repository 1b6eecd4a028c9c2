import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { Body, Entry } from '../artifacts/store.ts';
import type { Checksum } from '../core/checksum.ts';
import { asFailure, Failure } from '../core/failure.ts';
import { createDigest, type Digest } from '../core/hash.ts';
import type { Io } from '../core/io.ts';
import type { Proof } from './report.ts';
import { unwritable } from './unwritable.ts';

/** What was placed, and how it is known to be whole. */
export interface Placed {
  readonly bytes: number;
  readonly proof: Proof;
}

/** Checksums worth verifying, the fastest to compute first. */
const PREFERRED: readonly Checksum['algorithm'][] = ['crc32', 'sha256', 'sha1', 'md5', 'crc64nvme', 'crc32c'];

function wholeChecksum({ checksums }: Entry): Checksum | undefined {
  const whole = checksums.filter(({ scope }) => scope === 'whole');
  return PREFERRED.map((algorithm) => whole.find((each) => each.algorithm === algorithm)).find(
    (each) => each,
  );
}

/** What the body must turn out to be. The listing counts only where the body itself says nothing, of the same version. */
function expectationOf(
  body: Body,
  listed: Entry,
): { readonly checksum: Checksum | undefined; readonly sizes: readonly number[] } {
  const { entry, length } = body;
  const isSame = !entry.version || !listed.version || entry.version.id === listed.version.id;
  const told = [entry.size, length].filter((size) => size !== undefined);
  const sizes = told.length > 0 || !isSame || listed.size === undefined ? told : [listed.size];
  return { checksum: wholeChecksum(entry) ?? (isSame ? wholeChecksum(listed) : undefined), sizes };
}

/**
 * Writes a body as `file`: into a temporary file of the same folder, verified, synced and renamed. The name `file`
 * shows the old content or the whole new one, never a part; the temporary file is gone when this fails.
 * @throws Failure corrupt (length or checksum differ), no-space, denied, exists, and what the body fails with
 */
export async function placeFile(file: string, body: Body, listed: Entry, io: Io): Promise<Placed> {
  // A stream may break before anybody iterates over it; the iteration still sees that.
  body.stream.once('error', () => undefined);
  const partial = join(dirname(file), `.mlstow-${randomBytes(8).toString('hex')}.partial`);
  try {
    const placed = await writePartial(partial, file, body, listed, io);
    await rename(partial, file);
    return placed;
  } catch (thrown) {
    body.stream.destroy();
    await rm(partial, { force: true }).catch((trouble: unknown) => {
      io.trace?.('partial-left', { file: partial, reason: unwritable(trouble, partial).message });
    });
    throw thrown instanceof Error && 'code' in thrown && 'syscall' in thrown
      ? unwritable(thrown, file)
      : thrown;
  }
}

async function writePartial(
  partial: string,
  file: string,
  body: Body,
  listed: Entry,
  io: Io,
): Promise<Placed> {
  const { checksum, sizes } = expectationOf(body, listed);
  const digest = checksum && createDigest(checksum.algorithm);
  const handle = await open(partial, 'wx');
  let bytes: number;
  try {
    bytes = await pour(handle, body, digest, file, io);
    checkLength(file, bytes, sizes);
    if (checksum && digest) checkDigest(file, checksum, digest.hex());
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (checksum) return { bytes, proof: 'checksum' };
  return { bytes, proof: sizes.length === 0 ? 'none' : 'size' };
}

async function pour(
  handle: FileHandle,
  body: Body,
  digest: Digest | undefined,
  file: string,
  io: Io,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunksOf(body, file, io)) {
    for (let from = 0; from < chunk.byteLength;) {
      from += (await handle.write(chunk, from)).bytesWritten;
    }
    digest?.update(chunk);
    bytes += chunk.byteLength;
  }
  return bytes;
}

/** The body's chunks; what it fails with is a Failure, so that it is not taken for trouble with the file. */
async function* chunksOf(body: Body, file: string, io: Io): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of addAbortSignal(io.signal, body.stream) as AsyncIterable<Buffer>) {
      yield chunk;
      io.progress?.(chunk.byteLength);
    }
  } catch (thrown) {
    throw io.signal.aborted ? asFailure(io.signal.reason, file) : broken(thrown, body, file);
  }
}

function broken(thrown: unknown, { entry }: Body, file: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, file);
  return new Failure(
    {
      kind: 'unavailable',
      message: `reading ${entry.path} broke off (${code})`,
      hint: 'download it again',
      subject: entry.path,
      vendor: { code },
    },
    thrown,
  );
}

function checkLength(file: string, bytes: number, expected: readonly number[]): void {
  const other = expected.find((size) => size !== bytes);
  if (other === undefined) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} ended after ${bytes} of ${other} bytes`,
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
