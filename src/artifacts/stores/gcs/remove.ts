import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
import type { Removal, Undone } from '../../store.ts';
import { statusOf } from './failures.ts';
import { hasChildren } from './list.ts';
import { folderOf, keyOf, objectUrl, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';

/** Removals that one call takes; each is a request of its own. */
export const REMOVE_BATCH = 100;
const AT_ONCE = 8;

function refusal(root: Root, path: ArtifactPath, kind: 'conflict' | 'changed', reason: string): Failure {
  const subject = subjectOf(root, path);
  return new Failure({ kind, message: `cannot remove ${subject}: ${reason}`, subject });
}

async function checkVersion(root: Root, { path, version }: Removal, io: Io): Promise<void> {
  // Endpoints other than Google's may ignore the condition of the request.
  if (version === undefined || root.client.google) return;
  const entry = await statObject(root, path, io);
  if (entry && entry.version?.id !== version.id) {
    throw refusal(root, path, 'changed', 'it is another one by now');
  }
}

/** Objects: delete. https://cloud.google.com/storage/docs/json_api/v1/objects/delete */
async function removeOne(root: Root, removal: Removal, io: Io): Promise<void> {
  const { path, kind, version } = removal;
  if (kind === 'directory' && (await hasChildren(root, path, io))) {
    throw refusal(root, path, 'conflict', 'it is not empty');
  }
  await checkVersion(root, removal, io);
  const key = kind === 'directory' ? folderOf(root, path) : keyOf(root, path);
  const url = objectUrl(root, key, version === undefined ? {} : { ifGenerationMatch: version.id });
  const subject = subjectOf(root, path);
  try {
    discard(await root.client.send({ method: 'DELETE', doing: 'remove', subject, url, accept: [404] }, io));
  } catch (thrown) {
    if (version !== undefined && statusOf(thrown) === 412) {
      throw refusal(root, path, 'changed', 'it is another one by now');
    }
    throw thrown;
  }
}

/** Removes objects, a few at a time; absent is done. */
export async function removeObjects(
  root: Root,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  if (batch.length > REMOVE_BATCH) {
    const message = `${batch.length} removals at once are more than ${REMOVE_BATCH}`;
    throw new Failure({ kind: 'usage', message, subject: root.label });
  }
  const undone: Undone[] = [];
  const attempt = async (removal: Removal): Promise<void> => {
    try {
      await removeOne(root, removal, io);
    } catch (thrown) {
      undone.push({ removal, failure: asFailure(thrown, subjectOf(root, removal.path)) });
    }
  };
  for (let from = 0; from < batch.length; from += AT_ONCE) {
    await Promise.all(batch.slice(from, from + AT_ONCE).map(attempt));
  }
  return undone;
}
