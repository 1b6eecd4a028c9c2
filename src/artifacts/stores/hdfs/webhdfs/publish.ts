import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Precondition } from '../../../store.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';

function exists(subject: string): Failure {
  return new Failure({ kind: 'exists', message: `${subject} exists already`, subject });
}

/** Gives a finished temporary file its name, in one step. @throws Failure exists, wrong-kind, denied */
export async function publish(
  client: WebHdfsClient,
  temporary: string,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  const subject = subjectOf(client, path);
  const renameoptions = when && 'absent' in when ? 'NONE' : 'OVERWRITE';
  const query = { destination: placeOf(client, path), renameoptions };
  const call = { method: 'PUT', op: 'RENAME', doing: 'store', path: temporary, subject, query } as const;
  const answer = await askJson(client, call, io);
  if (answer['boolean'] === false) throw exists(subject);
}
