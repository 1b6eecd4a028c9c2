import { parentOf, type ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry } from '../../store.ts';
import { subjectOf, type ProxyClient } from './client.ts';
import { listDirectory } from './list.ts';

/** The entry at a path, looked up in the listing of its directory; a file beats a directory of the same name. */
export async function statObject(
  client: ProxyClient,
  path: ArtifactPath,
  io: Io,
): Promise<Entry | undefined> {
  const around = await listDirectory(client, parentOf(path), io);
  const found = around.filter((entry) => entry.path === path);
  return found.find(({ kind }) => kind === 'file') ?? found[0];
}

/** The failure for a directory where a file was meant. */
export function isDirectoryFailure(client: ProxyClient, path: ArtifactPath, doing: string): Failure {
  const subject = subjectOf(client, path);
  return new Failure({
    kind: 'wrong-kind',
    message: `cannot ${doing} ${subject}: it is a directory`,
    subject,
  });
}
