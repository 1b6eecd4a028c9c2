import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactPath } from '../../../../../core/artifact-path.ts';
import { asFailure, type Failure } from '../../../../../core/failure.ts';
import type { Io } from '../../../../../core/io.ts';
import type { BulkItem } from '../../../../store.ts';
import { argumentOf, noPattern, type CliRoot } from '../root.ts';
import { runShell, type Ended } from '../run-shell.ts';
import { crcOf, stageFiles, STAGED } from './stage-files.ts';

/**
 * `-put` leaves out every `.name.crc`, which it takes for a checksum of its own (`ChecksumFileSystem.isChecksumFile`) and
 * believes; `-cp` with the plain file system copies what is there.
 */
const RAW = 'fs.file.impl=org.apache.hadoop.fs.RawLocalFileSystem';

/** What was sent, and how the command took it. */
export interface Sent {
  readonly ended: Ended;
  /** Of the local files, in lower-case hex; none for one that failed. */
  readonly crcs: ReadonlyMap<BulkItem, string>;
}

/** Sends a staged tree to a hidden directory of the root; the CRC of each local file, by item. */
export async function sendTree(
  root: CliRoot,
  items: readonly BulkItem[],
  hidden: ArtifactPath,
  failures: Map<BulkItem, Failure>,
  io: Io,
): Promise<Sent> {
  const asked = { doing: 'store', subject: root.label };
  const scratch = await stageFiles(items);
  const crcs = new Map<BulkItem, string>();
  const hash = async () => {
    for (const item of items) {
      try {
        crcs.set(item, await crcOf(item, io));
      } catch (thrown) {
        io.signal.throwIfAborted();
        failures.set(item, asFailure(thrown, item.file));
      }
    }
  };
  try {
    const shell = { ...root.shell, properties: [RAW] };
    const from = noPattern(`file://${join(scratch, STAGED)}`);
    const copy = runShell(shell, 'cp', [from, argumentOf(root, hidden)], asked, io);
    const [ended] = await Promise.all([copy, hash()]);
    return { ended, crcs };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
