import { join } from 'node:path';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Io } from '../../core/io.ts';
import type { DownloadFile, IfExists, Planned } from '../items.ts';
import { decide, refuseExisting, undecidable, type Side } from './decide.ts';
import { lookHere } from './look-here.ts';
import { meetEach, meetNothing, type Met } from './meet.ts';

/** What is decided on, and by what. */
export interface DownloadPolicy {
  readonly folder: string;
  readonly ifExists: IfExists;
  /** Look at the folder although the policy does not need it. */
  readonly look: boolean;
  /** Whether what is there is of an interrupted try of this very transfer. */
  readonly isOurs?: Side<DownloadFile>['isOurs'];
}

/**
 * The plan of a download with a reason for every file. With `overwrite` nobody looks at the folder unless `look` asks for
 * it; otherwise each name is looked at there, in whatever way the folder's file system tells names apart.
 * @returns the items; what speaks against the whole is thrown before
 * @throws Failure exists (`fail`: the first file that is there and how many), usage (`newer` at a store without times)
 */
export async function decideDownloads(
  reader: ArtifactReader,
  items: () => AsyncIterable<Planned<DownloadFile>>,
  aim: DownloadPolicy,
  io: Io,
): Promise<AsyncIterable<Planned<DownloadFile>>> {
  const { folder, ifExists, look, isOurs } = aim;
  const side = { ...downloadSide(reader, folder), isOurs };
  const met = (): AsyncIterable<Met<DownloadFile>> =>
    meetEach(async ({ name }: DownloadFile) => lookHere(join(folder, name)))(items());
  if (ifExists === 'overwrite' && !look) return items();
  if (ifExists === 'newer') await refuseTimeless(reader, io);
  if (ifExists !== 'fail') return decide(met(), ifExists, side);
  await refuseExisting(met(), side);
  return decide(meetNothing(items()), ifExists, side);
}

function downloadSide(reader: ArtifactReader, folder: string): Side<DownloadFile> {
  return {
    label: folder,
    store: reader.label,
    keepsAbsent: false,
    nameOf: ({ entry, name }) => ({ path: entry.path, local: join(folder, name) }),
    factsOf: ({ entry: { size, modified, checksums } }) => ({
      ...(size === undefined ? {} : { size }),
      ...(modified ? { modified: modified.getTime() } : {}),
      checksums,
    }),
    because: (file, why) => ({ ...file, why }),
  };
}

async function refuseTimeless(reader: ArtifactReader, io: Io): Promise<void> {
  if (reader.modified === 'none') throw undecidable(reader.label);
  if (reader.modified === 'listed') return;
  for await (const page of reader.list('', { recursive: true }, io)) {
    const file = page.find(({ kind }) => kind === 'file');
    if (file && !file.modified) throw undecidable(reader.label);
    if (file) return;
  }
}
