import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { asFailure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Removal, Undone } from '../../../store.ts';
import { hdfsFailure } from '../failures.ts';
import { isHidden } from '../names.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { statPath } from './status.ts';

/** How many removals one batch takes: the protocol has none, so they are made one by one, a few at a time. */
export const REMOVE_BATCH = 250;
const WIDTH = 4;

/** DELETE of one thing, never of what is below it; whether it was there. @throws Failure conflict (not empty), denied */
export async function deletePlace(
  client: WebHdfsClient,
  place: string,
  subject: string,
  io: Io,
): Promise<boolean> {
  const query = { recursive: 'false' };
  const call = { method: 'DELETE', op: 'DELETE', doing: 'remove', path: place, subject, query } as const;
  return (await askJson(client, call, io))['boolean'] === true;
}

async function removeOne(client: WebHdfsClient, { path, kind, version }: Removal, io: Io): Promise<void> {
  if (isHidden(path)) return;
  const subject = subjectOf(client, path);
  const entry = await statPath(client, path, io);
  if (!entry) return;
  const found = entry.kind === 'directory' ? 'directory' : 'file';
  if (found !== kind) {
    throw hdfsFailure('wrong-kind', subject, `cannot remove ${subject}: it is a ${found}`);
  }
  if (version && version.id !== entry.version?.id) {
    throw hdfsFailure('changed', subject, `${subject} is no longer what it was`);
  }
  await deletePlace(client, placeOf(client, path), subject, io);
}

/**
 * Removes files, a few at once, then directories in the order given. DELETE takes either, so each is looked at first;
 * nothing goes to the trash.
 */
export async function removeAll(
  client: WebHdfsClient,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  const undone = new Map<Removal, Undone>();
  const attempt = async (removal: Removal) => {
    try {
      await removeOne(client, removal, io);
    } catch (thrown) {
      const failure = asFailure(thrown, subjectOf(client, removal.path));
      if (failure.kind === 'cancelled') throw failure;
      undone.set(removal, { removal, failure });
    }
  };
  const files = batch.filter(({ kind }) => kind === 'file').values();
  const worker = async () => {
    for (const removal of files) await attempt(removal);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  for (const removal of batch) if (removal.kind === 'directory') await attempt(removal);
  return batch.flatMap((removal) => undone.get(removal) ?? []);
}

/** MKDIRS: present already is done. @throws Failure wrong-kind when a file is there or above */
export async function makeDirectory(client: WebHdfsClient, path: ArtifactPath, io: Io): Promise<void> {
  const subject = subjectOf(client, path);
  const place = placeOf(client, path);
  const call = { method: 'PUT', op: 'MKDIRS', doing: 'make the directory', path: place, subject } as const;
  let made: boolean;
  try {
    made = (await askJson(client, call, io))['boolean'] === true;
  } catch (thrown) {
    const failure = asFailure(thrown, subject);
    throw failure.kind === 'exists' ? failure.with({ kind: 'wrong-kind' }) : failure;
  }
  if (!made)
    throw hdfsFailure('wrong-kind', subject, `cannot make the directory ${subject}: a file is in the way`);
}
