import { joinPath, type ArtifactPath } from '../../../../../core/artifact-path.ts';
import { asFailure, type Failure } from '../../../../../core/failure.ts';
import type { Io } from '../../../../../core/io.ts';
import type { BulkItem, BulkResult, Entry } from '../../../../store.ts';
import { hdfsFailure } from '../../failures.ts';
import { temporaryName } from '../../../../temporaries.ts';
import { complaintFailure } from '../complaint.ts';
import { lookAtMany } from '../look.ts';
import { makeDirectoryCli } from '../remove.ts';
import { argumentOf, subjectOf, type CliRoot } from '../root.ts';
import { runShell } from '../run-shell.ts';
import { foldersAbove } from './plan-moves.ts';
import { proveTree } from './prove-tree.ts';
import { publishTree } from './publish-tree.ts';
import { sendTree } from './send-tree.ts';

/** How long removing the hidden directory may take, in ms. */
const DISCARD_MS = 15_000;

type Failures = Map<BulkItem, Failure>;
type Proofs = ReadonlyMap<BulkItem, 'checksum' | 'size'>;

/** What is there already at, around and below the targets. */
async function lookAround(root: CliRoot, items: readonly BulkItem[], io: Io): Promise<readonly Entry[]> {
  const tops = new Set(items.map(({ path }) => (path.split('/')[0] ?? path) as ArtifactPath));
  return lookAtMany(root, [...tops], '-R', io);
}

/** Targets that are directories, below a file, or there although they must not be. */
function refuseKinds(root: CliRoot, items: readonly BulkItem[], there: readonly Entry[], failures: Failures) {
  const kinds = new Map(there.map(({ path, kind }) => [path, kind]));
  for (const item of items) {
    const above = [...foldersAbove([item.path])].find(
      (path) => (kinds.get(path) ?? 'directory') !== 'directory',
    );
    const subject = subjectOf(root, item.path);
    const refuse = (why: string) =>
      failures.set(item, hdfsFailure('wrong-kind', subject, `cannot store ${subject}: ${why}`));
    if (kinds.get(item.path) === 'directory') refuse('it is a directory');
    else if (above !== undefined) refuse(`${above} is a file`);
    else if (item.when && kinds.has(item.path))
      failures.set(item, hdfsFailure('exists', subject, `${subject} exists already`));
  }
}

/** Removes the hidden directory and all that did not get further; what cannot be removed is only traced. */
async function discard(root: CliRoot, hidden: ArtifactPath, io: Io): Promise<void> {
  const asked = { doing: 'remove', subject: subjectOf(root, hidden) };
  const { trace } = io;
  const calm: Io = { signal: AbortSignal.timeout(DISCARD_MS), ...(trace ? { trace } : {}) };
  const args = ['-r', '-f', '-skipTrash', argumentOf(root, hidden)];
  try {
    const ended = await runShell(root.shell, 'rm', args, asked, calm);
    if (ended.code !== 0) throw complaintFailure(ended, asked);
  } catch (thrown) {
    trace?.('partial-left', { file: asked.subject, reason: asFailure(thrown, asked.subject).message });
  }
}

async function putTree(
  root: CliRoot,
  items: readonly BulkItem[],
  failures: Failures,
  io: Io,
): Promise<Proofs> {
  const [there] = await Promise.all([lookAround(root, items, io), makeDirectoryCli(root, '', io)]);
  refuseKinds(root, items, there, failures);
  const sound = items.filter((item) => !failures.has(item));
  if (sound.length === 0) return new Map();
  const hidden = joinPath('', temporaryName());
  try {
    const sent = await sendTree(root, sound, hidden, failures, io);
    const proofs = await proveTree(root, sound, hidden, sent, failures, io);
    const ready = [...proofs.keys()].map(({ path }) => path);
    const stayed = await publishTree(root, hidden, ready, there, io);
    for (const item of proofs.keys()) {
      const failure = stayed.get(item.path);
      if (failure) failures.set(item, failure);
      else io.progress?.(item.size);
    }
    return proofs;
  } finally {
    root.known.clear();
    await discard(root, hidden, io);
  }
}

/**
 * `-cp` of a folder of links to a hidden directory, proven there by `-checksum`, then moved: six or seven JVMs for any number
 * of files, and one for each directory that is there already and keeps other files. Nothing half written, and nothing that
 * changed while it was sent, gets a name of its own.
 */
export async function putMany(
  root: CliRoot,
  items: readonly BulkItem[],
  io: Io,
): Promise<readonly BulkResult[]> {
  const failures: Failures = new Map();
  const proofs = await putTree(root, items, failures, io);
  return items.map((item) => {
    const failure = failures.get(item);
    return failure ? { item, proof: 'none', failure } : { item, proof: proofs.get(item) ?? 'none' };
  });
}
