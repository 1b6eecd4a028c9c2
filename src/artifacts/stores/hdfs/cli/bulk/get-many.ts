import { open, rm } from 'node:fs/promises';
import type { Failure } from '../../../../../core/failure.ts';
import { createTally } from '../../../../../core/hash.ts';
import type { Io } from '../../../../../core/io.ts';
import type { BulkItem, BulkResult } from '../../../../store.ts';
import { hdfsFailure } from '../../failures.ts';
import { isHidden } from '../../names.ts';
import { subjectOf, type CliRoot } from '../root.ts';
import { catMany } from './cat-many.ts';
import { localFailure } from './local-failure.ts';
import { proveMany } from './prove-many.ts';
import type { Sink } from './split-stream.ts';

/** What is known of the local files while bytes arrive. */
interface Arrivals {
  readonly crcs: Map<BulkItem, string>;
  /** Trouble on this machine. */
  readonly troubles: Map<BulkItem, Failure>;
}

/** A file as a sink; when it cannot be written, its bytes are let go, since those of others follow. */
async function fileSink({ crcs, troubles }: Arrivals, item: BulkItem, io: Io): Promise<Sink> {
  const tally = createTally(['crc32c']);
  const fail = (thrown: unknown) => {
    troubles.set(item, localFailure(thrown, item.file));
    return undefined;
  };
  // Written anew when the bytes come again.
  const handle = await open(item.file, 'w').catch(fail);
  return {
    write: async (chunk) => {
      tally.add(chunk);
      if (!troubles.has(item)) await handle?.writeFile(chunk).catch(fail);
      io.progress?.(chunk.byteLength);
    },
    end: async () => {
      crcs.set(item, tally.checksums()[0]?.value ?? '');
      await handle?.close().catch(fail);
    },
  };
}

/** Reads many files by one `-cat`, then proves them by one `-checksum`; two JVMs when all goes well. */
export async function getMany(
  root: CliRoot,
  items: readonly BulkItem[],
  io: Io,
): Promise<readonly BulkResult[]> {
  const arrivals: Arrivals = { crcs: new Map(), troubles: new Map() };
  const hidden = new Set(items.filter(({ path }) => isHidden(path)));
  const asked = items.filter((item) => !hidden.has(item));
  const results = new Map<BulkItem, BulkResult>();
  try {
    const failed = await catMany(root, asked, async (item) => fileSink(arrivals, item, io), io);
    const here = asked.filter((item) => !failed.has(item) && !arrivals.troubles.has(item));
    const expected = here.map((item) => ({ ...item, crc32c: arrivals.crcs.get(item) ?? '' }));
    const verdicts = await proveMany(root, expected, io);
    for (const item of items) {
      const failure = failed.get(item) ?? arrivals.troubles.get(item);
      const verdict = verdicts.get(item.path);
      if (failure) results.set(item, { item, proof: 'none', failure });
      else if (verdict === 'checksum') results.set(item, { item, proof: 'checksum' });
      else if (verdict === 'size' || verdict === 'bytes-unlike') results.set(item, { item, proof: 'size' });
      else results.set(item, { item, proof: 'none', failure: changed(root, item, hidden.has(item)) });
    }
    return items.flatMap((item) => results.get(item) ?? []);
  } finally {
    const undone = items.filter((item) => results.get(item)?.failure !== undefined || !results.has(item));
    for (const { file } of undone) await rm(file, { force: true });
  }
}

function changed(root: CliRoot, { path }: BulkItem, isHiddenName: boolean): Failure {
  const subject = subjectOf(root, path);
  if (isHiddenName) return hdfsFailure('not-found', subject, `cannot read ${subject}: there is no such file`);
  return hdfsFailure('changed', subject, `${subject} changed while it was read`, 'run the command again');
}
