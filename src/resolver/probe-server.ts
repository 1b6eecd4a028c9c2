import { randomBytes } from 'node:crypto';
import { mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { asFailure, Failure, type FailureKind } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { ServerArtifacts } from '../tracking/store.ts';
import { isBelowFolder, realPathOf } from './local-paths.ts';

/** Listings tried before a probe counts as invisible: network file systems cache directories for a moment. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 500;
/** What a server answers that will not or cannot look there; other failures are no answer, and may pass. */
const NO: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'not-found',
  'invalid',
  'unsupported',
  'denied',
  'wrong-kind',
]);

/**
 * Writes a small file of a random name into a local folder and looks for it in the server's own listing of the run whose
 * artifact URI that folder is. The file is removed again whatever happens, also on a cancel; folders made for it stay
 * only when the server sees them.
 * @returns why the folder is not proven shared; undefined when it is
 * @throws Failure what the listing failed with when that is no answer; cancelled
 */
export async function probeServer(
  folder: string,
  runId: string,
  server: ServerArtifacts,
  clock: Clock,
  io: Io,
): Promise<string | undefined> {
  if (io.signal.aborted) throw stopped(io, folder);
  const name = `.mlstow-probe-${randomBytes(8).toString('hex')}`;
  const file = join(folder, name);
  const firstMissing = await firstMissingAbove(folder);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, 'mlstow probe: safe to delete\n', { flag: 'wx' });
  } catch (thrown) {
    await removeEmpty(folder, firstMissing);
    return `it cannot be written here (${codeOf(thrown)})`;
  }
  let trouble: string | undefined = 'the command was stopped';
  try {
    trouble = await look(name, runId, server, clock, io);
  } finally {
    await removeProbe(file, io);
    if (trouble !== undefined) await removeEmpty(folder, firstMissing);
  }
  return trouble;
}

async function look(
  name: string,
  runId: string,
  server: ServerArtifacts,
  clock: Clock,
  io: Io,
): Promise<string | undefined> {
  for (let count = 1; ; count += 1) {
    try {
      const files = await unlessAborted(server.list(runId, '', io), io.signal, runId);
      if (files.some((file) => file.path === name)) return undefined;
      if (count < LOOKS) await unlessAborted(clock.sleep(BETWEEN_LOOKS_MS, io.signal), io.signal, runId);
    } catch (thrown) {
      const failure = io.signal.aborted ? stopped(io, runId) : asFailure(thrown, runId);
      if (!NO.has(failure.kind)) throw failure;
      return `its listing of the run fails (${failure.message})`;
    }
    if (count === LOOKS) return 'a probe file written here is not in its listing';
  }
}

function stopped({ signal }: Io, subject: string): Failure {
  return asFailure(signal.reason, subject);
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? 'unknown error';
}

async function removeProbe(file: string, io: Io): Promise<void> {
  try {
    await unlink(file);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    io.trace?.('probe-left', { file, reason: codeOf(thrown) });
    if (io.signal.aborted) return;
    throw new Failure(
      {
        kind: 'unavailable',
        message: `the probe file ${file} was written and cannot be removed again (${codeOf(thrown)})`,
        hint: 'remove it by hand',
        subject: file,
      },
      thrown,
    );
  }
}

/** The topmost folder that has to be made for `folder` to exist; undefined when it exists. */
async function firstMissingAbove(folder: string): Promise<string | undefined> {
  let missing: string | undefined;
  for (let at = folder; (await realPathOf(at))?.exists === false; at = dirname(at)) missing = at;
  return missing;
}

/** Removes the folders from `folder` up to `top`; one that is in use by now stays, and so do those above it. */
async function removeEmpty(folder: string, top: string | undefined): Promise<void> {
  if (top === undefined) return;
  for (let path = folder; isBelowFolder(path, top); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') return;
    }
  }
}
