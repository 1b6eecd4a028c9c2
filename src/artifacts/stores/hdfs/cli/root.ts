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

/** What the command takes for a pattern, or prints as something else. */
const PATTERN = /[\\*?[\]{}]|\p{Cc}/u;

export function subjectOf({ label }: CliRoot, path: Under): string {
  return path === '' ? label : `${label.replace(/\/$/, '')}/${path}`;
}

export function uriOf({ uri }: CliRoot, path: Under): string {
  return path === '' ? `${uri}/` : `${uri}/${path}`;
}

/** Why a path cannot be given to the command. */
export function cliTrouble(path: ArtifactPath): string | undefined {
  if (PATTERN.test(path))
    return 'the hdfs command takes one of its characters for a pattern; WebHDFS does not';
  return pathTrouble(path);
}
