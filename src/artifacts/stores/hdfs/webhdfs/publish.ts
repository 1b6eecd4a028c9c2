import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Precondition } from '../../../store.ts';
import { hdfsFailure } from '../failures.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { deletePlace } from './remove.ts';
import { statPath } from './status.ts';

async function rename(
  client: WebHdfsClient,
  temporary: string,
  path: ArtifactPath,
  renameoptions: 'NONE' | 'OVERWRITE',
  io: Io,
): Promise<boolean> {
  const query = { destination: placeOf(client, path), renameoptions };
  const subject = subjectOf(client, path);
  const call = { method: 'PUT', op: 'RENAME', doing: 'store', path: temporary, subject, query } as const;
  return (await askJson(client, call, io))['boolean'] !== false;
}

/** A gateway would move the file into a directory of that name. */
async function refuseDirectory(client: WebHdfsClient, path: ArtifactPath, io: Io): Promise<void> {
  if ((await statPath(client, path, io))?.kind !== 'directory') return;
  const subject = subjectOf(client, path);
  throw hdfsFailure('wrong-kind', subject, `cannot store ${subject}: it is a directory`);
}

/**
 * Gives a finished temporary file its name: in one step at a name node. A gateway renames to what is absent only, so there
 * the old file is removed first, and for a moment neither is there.
 * @throws Failure exists, wrong-kind, denied
 */
export async function publish(
  client: WebHdfsClient,
  temporary: string,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  const subject = subjectOf(client, path);
  const absent = when !== undefined && 'absent' in when;
  const gateway = client.nameNodes.gateway === true;
  if (gateway) await refuseDirectory(client, path, io);
  if (await rename(client, temporary, path, absent ? 'NONE' : 'OVERWRITE', io)) return;
  if (absent || !gateway) throw hdfsFailure('exists', subject, `${subject} exists already`);
  await deletePlace(client, placeOf(client, path), subject, io);
  if (await rename(client, temporary, path, 'OVERWRITE', io)) return;
  throw new Failure({
    kind: 'conflict',
    message: `cannot store ${subject}: another one was stored there at the same time`,
    subject,
    retry: 'later',
  });
}
