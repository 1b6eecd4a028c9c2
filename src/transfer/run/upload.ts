import type { ArtifactStore, Multipart } from '../../artifacts/store.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Planned, Skipped, UploadFile } from '../items.ts';
import type { Report } from '../report.ts';
import { uploadsInBulk } from './bulk.ts';
import { confirmLater } from './confirm-sizes.ts';
import { intendUpload } from './intents.ts';
import type { Job, WholeJob } from './job.ts';
import { storedBefore } from './journal/stored-before.ts';
import { createRecord } from './record.ts';
import { journalOf, runPlan } from './run-plan.ts';
import { discardLeftFiles, discardLeftUploads } from './take-up.ts';
import { prefersParts, uploadInParts } from './upload-parts.ts';
import { uploadStream } from './upload-stream.ts';
import {
  arrived,
  notArrived,
  writeWhole,
  type PartedFile,
  type Uploading,
  type UploadOptions,
} from './uploading.ts';

/**
 * Stores what a plan gives while it is made. One file that fails never stops the others; a cancel stops all. The sizes
 * of files that nothing proved are read back from the store's listing. With a journal of an interrupted try, what that
 * moved and the store still has is left alone, and uploads in parts go on where they ended.
 * @throws Failure what the plan fails with before anything was done
 */
export async function runUploads(
  store: ArtifactStore,
  planned: AsyncIterable<Planned<UploadFile>>,
  options: UploadOptions,
  io: Io,
): Promise<Report> {
  const record = createRecord(options.observer, io);
  const journal = journalOf(options);
  const confirming = confirmLater(store, record, journal, io);
  const uploading: Uploading = { store, record, journal, confirming, options, io };
  await discardLeftFiles(uploading);
  const isStored = await storedBefore(store, journal, io, options.under);
  const broken = await runPlan(
    planned,
    {
      // A folder that somebody makes while `bulk.put` moves one of that name to its place would get it inside.
      width: store.bulk ? 1 : Math.min(options.workers, store.traits.connections),
      record,
      bulk: uploadsInBulk(uploading),
      sizeOf: ({ source }) => source.size,
      doneBefore: (file) => (isStored(file) ? doneBefore(file) : undefined),
      fileJob: (file) => uploadJob(uploading, file),
      folderJob: (path) => folderJob(uploading, path),
    },
    options,
    io,
  );
  await confirming.rest();
  if (!io.signal.aborted && broken === undefined) await discardLeftUploads(store, journal, io);
  const report = record.report(broken);
  if (broken !== undefined && report.files + report.failed === 0) throw asFailure(broken, 'transfer');
  return report;
}

function doneBefore({ path, local, source }: UploadFile): Skipped {
  const bytes = source.size === undefined ? {} : { bytes: source.size };
  return { path, local, ...bytes, why: 'done-before' };
}

function uploadJob(uploading: Uploading, file: UploadFile): Job {
  const { traits } = uploading.store;
  const multipart = multipartOf(uploading);
  const { size } = file.source;
  if (size === undefined) return streamJob(uploading, file);
  const isWanted = uploading.options.parts !== 'never' && multipart && prefersParts(size, multipart);
  if (isParted(file) && multipart && (isWanted || size > traits.maxWriteBytes)) {
    return partedJob(uploading, multipart, file, size);
  }
  return wholeJob(uploading, file, size);
}

/** What the store says of parts; a setting beats its preference. */
function multipartOf({ store, options }: Uploading): Multipart | undefined {
  const { parts } = options;
  if (!store.multipart || parts === undefined || parts === 'never') return store.multipart;
  return { ...store.multipart, preferred: parts };
}

function isParted(file: UploadFile): file is PartedFile {
  return file.part !== undefined;
}

function partedJob(uploading: Uploading, multipart: Multipart, file: PartedFile, size: number): Job {
  return {
    kind: 'parted',
    open: async () => {
      uploading.record.observer.started(file.path, size);
      return uploadInParts(uploading, multipart, { file: await intendUpload(uploading.journal, file), size });
    },
    failed: (thrown) => notArrived(uploading, file, thrown),
  };
}

function wholeJob(uploading: Uploading, file: UploadFile, size: number): WholeJob {
  const { store, record } = uploading;
  return {
    kind: 'whole',
    run: async () => {
      record.observer.started(file.path, size);
      if (size > store.traits.maxWriteBytes) throw tooLarge(store, file, size);
      const wanted = await intendUpload(uploading.journal, file);
      await arrived(uploading, file, await writeWhole(uploading, wanted), size);
    },
    failed: (thrown) => notArrived(uploading, file, thrown),
  };
}

function streamJob(uploading: Uploading, file: UploadFile): WholeJob {
  return {
    kind: 'whole',
    run: async () => {
      uploading.record.observer.started(file.path);
      const { stored, bytes } = await uploadStream(uploading, file);
      await arrived(uploading, file, stored, bytes);
    },
    failed: (thrown) => notArrived(uploading, file, thrown),
  };
}

function tooLarge({ label, traits }: ArtifactStore, { path, local }: UploadFile, size: number): Failure {
  return new Failure({
    kind: 'too-large',
    message: `${local} has ${size} bytes, ${label} takes at most ${traits.maxWriteBytes} in one object`,
    subject: path,
  });
}

function folderJob({ store, record, io }: Uploading, path: ArtifactPath): WholeJob {
  return {
    kind: 'whole',
    run: async () => {
      if (store.makeDirectory) await store.makeDirectory(path, io);
      else record.folderLeftOut();
    },
    failed: (thrown) => record.failed({ path, local: path, failure: asFailure(thrown, path) }),
  };
}
