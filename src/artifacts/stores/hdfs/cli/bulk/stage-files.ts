import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTally } from '../../../../../core/hash.ts';
import type { Io } from '../../../../../core/io.ts';
import type { BulkItem } from '../../../../store.ts';
import { hdfsFailure } from '../../failures.ts';
import { localFailure } from './local-failure.ts';

/** The folder in the scratch folder that stands for the root. */
export const STAGED = 'tree';

/**
 * A scratch folder with `tree` in it, where a link stands at each item's path: the command follows them, and they cross file
 * systems and take files of others, which hard links do not.
 */
export async function stageFiles(items: readonly BulkItem[]): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'mlstow-hdfs-'));
  const folders = new Set(items.map(({ path }) => dirname(join(scratch, STAGED, path))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const { path, file } of items) await symlink(file, join(scratch, STAGED, path));
  return scratch;
}

/** The CRC32C of a local file, in lower-case hex. @throws Failure changed when it has another size than announced */
export async function crcOf({ file, size }: BulkItem, io: Io): Promise<string> {
  const tally = createTally(['crc32c']);
  try {
    for await (const chunk of createReadStream(file, { signal: io.signal, highWaterMark: 1024 * 1024 })) {
      tally.add(chunk as Buffer);
    }
  } catch (thrown) {
    io.signal.throwIfAborted();
    throw localFailure(thrown, file);
  }
  if (tally.bytes === size) return tally.checksums()[0]?.value ?? '';
  const message = `${file} has ${tally.bytes} bytes, announced were ${size}`;
  throw hdfsFailure('changed', file, message, 'log it again when nothing writes to it any more');
}
