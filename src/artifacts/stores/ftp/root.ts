import type { Under } from '../../../core/artifact-path.ts';
import type { Pool } from './pool.ts';

/** A directory on a server as the root of a store. */
export interface Root {
  readonly pool: Pool;
  /** Absolute on the server, as stock MLflow reads the path of a URI (`ftp.cwd(path)`): never percent-decoded. */
  readonly path: string;
  /** The root's redacted URI. */
  readonly label: string;
}

/** A path as the server is told it: absolute, so that a blank at the front of a name stays. */
export function serverPath({ path }: Root, under: Under): string {
  if (under === '') return path;
  return path === '/' ? `/${under}` : `${path}/${under}`;
}

/** A path for messages. */
export function subjectAt({ label }: Root, under: Under): string {
  return under === '' ? label : `${label}/${under}`;
}

/** The server's directory that holds a server path; undefined for `/`. */
export function folderOf(path: string): string | undefined {
  if (path === '/') return undefined;
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The last name of a server path. */
export function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
