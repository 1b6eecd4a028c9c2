import { joinPath, type ArtifactPath } from '../../../../../core/artifact-path.ts';
import type { Failure } from '../../../../../core/failure.ts';
import { createTally } from '../../../../../core/hash.ts';
import type { Io } from '../../../../../core/io.ts';
import type { BulkItem } from '../../../../store.ts';
import { hdfsFailure } from '../../failures.ts';
import { complaintAbout, complaintFailure } from '../complaint.ts';
import { inArguments } from '../in-arguments.ts';
import { argumentOf, subjectOf, uriOf, type CliRoot } from '../root.ts';
import { runShell, type Ended } from '../run-shell.ts';
import { catMany } from './cat-many.ts';
import { proveMany, type Verdict } from './prove-many.ts';
import type { Sent } from './send-tree.ts';

/** Reads back what has an unlike checksum: in an encryption zone that tells nothing, elsewhere it is broken. */
async function readBack(
  root: CliRoot,
  doubtful: readonly { readonly path: ArtifactPath; readonly size: number; readonly crc32c: string }[],
  io: Io,
): Promise<ReadonlySet<ArtifactPath>> {
  const good = new Set<ArtifactPath>();
  const { trace, signal } = io;
  const failed = await catMany(
    root,
    doubtful,
    async ({ path, crc32c }) => {
      const tally = createTally(['crc32c']);
      return {
        write: async (chunk) => tally.add(chunk),
        end: async () => {
          if (tally.checksums()[0]?.value === crc32c) good.add(path);
          else good.delete(path);
        },
      };
    },
    { signal, ...(trace ? { trace } : {}) },
  );
  for (const { path } of failed.keys()) good.delete(path);
  return good;
}

/** What arrived whole in the hidden directory; all else is removed from it, and a failure. */
export async function proveTree(
  root: CliRoot,
  items: readonly BulkItem[],
  hidden: ArtifactPath,
  sent: Sent,
  failures: Map<BulkItem, Failure>,
  io: Io,
): Promise<ReadonlyMap<BulkItem, 'checksum' | 'size'>> {
  const hashed = items.filter((item) => !failures.has(item));
  const expected = hashed.map((item) => ({
    item,
    path: joinPath(hidden, item.path),
    size: item.size,
    crc32c: sent.crcs.get(item) ?? '',
  }));
  const verdicts = await proveMany(root, expected, io);
  const doubtful = expected.filter(({ path }) => verdicts.get(path) === 'bytes-unlike');
  const good = doubtful.length === 0 ? new Set<ArtifactPath>() : await readBack(root, doubtful, io);
  const proofs = new Map<BulkItem, 'checksum' | 'size'>();
  for (const { item, path } of expected) {
    const verdict = verdicts.get(path);
    if (verdict === 'checksum' || good.has(path)) proofs.set(item, 'checksum');
    else if (verdict === 'size') proofs.set(item, 'size');
    else failures.set(item, notArrived(root, item, path, verdict, sent.ended));
  }
  await rejectBad(root, items, hidden, proofs, io);
  return proofs;
}

function notArrived(
  root: CliRoot,
  item: BulkItem,
  at: ArtifactPath,
  verdict: Verdict | undefined,
  ended: Ended,
): Failure {
  const subject = subjectOf(root, item.path);
  const complaint = complaintAbout(ended.complaints, uriOf(root, at)) ?? ended.complaints.at(-1);
  if (verdict === 'absent' && complaint !== undefined) {
    return complaintFailure({ ...ended, complaints: [complaint] }, { doing: 'store', subject });
  }
  const message = `${subject} did not arrive as ${item.file} is: nothing was stored`;
  return hdfsFailure('corrupt', subject, message, 'log it again when nothing writes to it any more');
}

/** What is not proven must not move along with the directory that it is in. */
async function rejectBad(
  root: CliRoot,
  sent: readonly BulkItem[],
  hidden: ArtifactPath,
  proofs: ReadonlyMap<BulkItem, unknown>,
  io: Io,
): Promise<void> {
  const bad = sent.filter((item) => !proofs.has(item));
  if (bad.length === 0) return;
  const asked = { doing: 'store', subject: root.label };
  const args = bad.map(({ path }) => argumentOf(root, joinPath(hidden, path)));
  for (const part of inArguments(args)) {
    const ended = await runShell(root.shell, 'rm', ['-f', '-skipTrash', ...part], asked, io);
    if (ended.code !== 0) throw complaintFailure(ended, asked);
  }
}
