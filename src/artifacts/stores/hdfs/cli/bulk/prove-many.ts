import type { ArtifactPath } from '../../../../../core/artifact-path.ts';
import type { Io } from '../../../../../core/io.ts';
import { inArguments } from '../in-arguments.ts';
import { lookAtMany } from '../look.ts';
import { argumentOf, uriOf, type CliRoot } from '../root.ts';
import { runShell } from '../run-shell.ts';

/** What a file on HDFS should be. */
export interface Expected {
  readonly path: ArtifactPath;
  /** Bytes. */
  readonly size: number;
  /** Of all its bytes, in lower-case hex. */
  readonly crc32c: string;
}

/**
 * `checksum`, `size`: that agrees. `bytes-unlike`: the size agrees, the checksum does not, as always in an encryption zone,
 * where it is that of the encrypted bytes. `size-unlike`, `absent`: it is another file, or none.
 */
export type Verdict = 'checksum' | 'size' | 'bytes-unlike' | 'size-unlike' | 'absent';

/** One whole-file CRC whatever the size of blocks; Hadoop before 3.2 does not know it and tells another one. */
const COMPOSITE = 'dfs.checksum.combine.mode=COMPOSITE_CRC';
/** What a file without blocks has in any mode. */
const EMPTY = /MD5-of-0CRC32C?$/;

interface Told {
  readonly algorithm: string;
  readonly value: string;
}

async function checksumsOf(
  root: CliRoot,
  paths: readonly ArtifactPath[],
  io: Io,
): Promise<ReadonlyMap<string, Told>> {
  const asked = { doing: 'verify', subject: root.label };
  const shell = { ...root.shell, properties: [COMPOSITE] };
  const found = new Map<string, Told>();
  for (const args of inArguments(paths.map((path) => argumentOf(root, path)))) {
    const { stdout } = await runShell(shell, 'checksum', args, asked, io);
    for (const line of stdout.split('\n')) {
      const [uri = '', algorithm = '', value = ''] = line.split('\t');
      if (value !== '') found.set(uri, { algorithm, value });
    }
  }
  return found;
}

/**
 * What proves each file: the CRC32C of the whole that the cluster computes from those of its blocks, asked for all in one
 * command; where it tells none that can be compared, the sizes, in one more.
 * @see https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-common/FileSystemShell.html#checksum
 */
export async function proveMany(
  root: CliRoot,
  all: readonly Expected[],
  io: Io,
): Promise<ReadonlyMap<ArtifactPath, Verdict>> {
  const verdicts = new Map<ArtifactPath, Verdict>();
  if (all.length === 0) return verdicts;
  const paths = all.map(({ path }) => path);
  const told = await checksumsOf(root, paths, io);
  for (const expected of all) {
    const verdict = byChecksum(expected, told.get(uriOf(root, expected.path)));
    if (verdict) verdicts.set(expected.path, verdict);
  }
  const open = all.filter(({ path }) => !SURE.has(verdicts.get(path)));
  if (open.length > 0) await bySize(root, open, verdicts, io);
  return verdicts;
}

const SURE: ReadonlySet<Verdict | undefined> = new Set<Verdict>(['checksum', 'size']);

function byChecksum({ size, crc32c }: Expected, told: Told | undefined): Verdict | undefined {
  if (told?.algorithm === 'COMPOSITE-CRC32C') return told.value === crc32c ? 'checksum' : 'bytes-unlike';
  return size === 0 && told && EMPTY.test(told.algorithm) ? 'size' : undefined;
}

async function bySize(
  root: CliRoot,
  open: readonly Expected[],
  verdicts: Map<ArtifactPath, Verdict>,
  io: Io,
): Promise<void> {
  const paths = open.map(({ path }) => path);
  const seen = await lookAtMany(root, paths, '-d', io);
  const sizes = new Map(seen.flatMap(({ path, kind, size }) => (kind === 'file' ? [[path, size]] : [])));
  for (const { path, size } of open) {
    const found = sizes.get(path);
    const same = verdicts.get(path) ?? 'size';
    verdicts.set(path, found === undefined ? 'absent' : found === size ? same : 'size-unlike');
  }
}
