import type { ArtifactPath, Under } from '../../../../core/artifact-path.ts';
import { pathTrouble } from '../names.ts';
import type { Shell } from './run-shell.ts';

/** A root that the command reaches. */
export interface CliRoot {
  readonly shell: Shell;
  /** Redacted, for messages. */
  readonly label: string;
  /** `hdfs://host/path` without a slash at the end. */
  readonly uri: string;
  /** Directories that this process made or saw. */
  readonly known: Set<string>;
}

/** What the command takes for a pattern unless a backslash is before it (`GlobPattern.java`). */
const PATTERN = /[*?[\]{}]/g;
/** What it prints as something else, or takes for the backslash of a pattern. */
const UNPRINTABLE = /\\|\p{Cc}/u;

export function subjectOf({ label }: CliRoot, path: Under): string {
  return path === '' ? label : `${label.replace(/\/$/, '')}/${path}`;
}

export function uriOf({ uri }: CliRoot, path: Under): string {
  return path === '' ? `${uri}/` : `${uri}/${path}`;
}

/** A path as an argument: it means this path and no pattern. */
export function argumentOf(root: CliRoot, path: Under): string {
  return noPattern(uriOf(root, path));
}

/** A URI as an argument that matches nothing else. */
export function noPattern(uri: string): string {
  return uri.replaceAll(PATTERN, '\\$&');
}

/** Why a path cannot be given to the command. */
export function cliTrouble(path: ArtifactPath): string | undefined {
  if (UNPRINTABLE.test(path)) return 'the hdfs command cannot name a backslash or a control character';
  return pathTrouble(path);
}
