import { join } from 'node:path';
import type { Entry, Part } from '../../artifacts/store.ts';
import { nameOf, parentOf } from '../../core/artifact-path.ts';
import { asFailure, type Failure } from '../../core/failure.ts';
import type { DownloadFile } from '../items.ts';
import { partialName } from '../partial-name.ts';
import { pathIn, placed, retriesOf, type Fetching, type RangeRule } from './fetching.ts';
import type { OpenJob } from './job.ts';
import { removePartial } from './place-file.ts';
import { placeRanges, type Placing, type Ranged } from './place-ranges.ts';
import { partsAtOnce, worksOf } from './upload-parts.ts';

const MIB = 1024 * 1024;

/** The rule where no setting says another. */
export const USUAL_RANGES: RangeRule = { fromBytes: 64 * MIB, rangeBytes: 16 * MIB };

/** Whether a file is fetched in ranges: a large one, of which every range can be had of the same version. */
export function isRanged(entry: Entry, { reader, options }: Fetching): entry is Ranged['entry'] {
  const { ranges } = options;
  if (!ranges || reader.ranges !== 'any' || entry.version?.strong !== true) return false;
  return entry.size !== undefined && entry.size > 0 && entry.size >= ranges.fromBytes;
}

/**
 * Begins to fetch a file in ranges. The partial file is removed when that fails for good, unless the transfer was
 * stopped and is to be taken up again.
 */
export async function fetchRanges(
  fetching: Fetching,
  file: DownloadFile & { readonly entry: Ranged['entry'] },
  judge: (failure: Failure) => Promise<'again' | 'failed'>,
): Promise<OpenJob> {
  const { reader, folders, record, journal, options, io } = fetching;
  const { entry, name } = file;
  const parent = await folders.make(parentOf(name));
  const partial = join(parent, partialName(nameOf(name), journal.id));
  const placing = await placeRanges({
    reader,
    path: pathIn(fetching, entry),
    entry,
    rangeBytes: options.ranges?.rangeBytes ?? USUAL_RANGES.rangeBytes,
    file: join(parent, nameOf(name)),
    partial,
    journal,
    pace: options.pace,
    io: record.ioOf(entry.path),
  });
  return {
    atOnce: partsAtOnce(options.workers),
    parts: worksOf(placing.ranges, (range) => async () => fetchRange(fetching, entry, placing, range)),
    finish: async () => placed(fetching, file, await placing.publish()),
    giveUp: async (thrown) => {
      await placing.close();
      const keep = io.signal.aborted && options.keepUnfinished === true;
      if (!keep) {
        await removePartial(partial, io);
        journal.gone(entry.path);
      }
      return judge(asFailure(thrown, entry.path));
    },
  };
}

/** A range that came cut is asked for again, and not the whole file. */
async function fetchRange(fetching: Fetching, { path }: Entry, placing: Placing, range: Part): Promise<void> {
  const again = retriesOf(fetching, `${path}, bytes from ${range.offset} on`);
  for (;;) {
    try {
      await placing.fetch(range);
      return;
    } catch (thrown) {
      await again(thrown, fetching.io);
    }
  }
}
