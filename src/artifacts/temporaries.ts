import { randomBytes } from 'node:crypto';
import { nameOf, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Entry, Incomplete, Unfinished } from './store.ts';

/** MLflow's prefix of unfinished files (`_TEMP_ARTIFACT_PREFIX` in local_artifact_repo.py), hidden by its listings. */
const UNFINISHED = '.artifact.uploading.';
/** What the `hdfs` command writes to has one more ending. */
const OWNED = /^\.artifact\.uploading\.mlstow-([0-9a-f]{16})-[0-9a-f]{16}(?:\._COPYING_)?$/;

/** A name for an unfinished file, used by nobody else; it tells its owner's 16 hex digits, if any. */
export function temporaryName(owner?: string): string {
  const whose = owner === undefined ? '' : `${owner}-`;
  return `${UNFINISHED}mlstow-${whose}${randomBytes(8).toString('hex')}`;
}

/** Whether a name is that of an unfinished file, ours or MLflow's. */
export function isTemporary(name: string): boolean {
  return name.startsWith(UNFINISHED);
}

/** What is in a folder, hidden names included. */
export type Child = Pick<Entry, 'kind' | 'size' | 'modified'> & { readonly name: string };

/** A store that keeps what is unfinished under names of its own, beside what is stored. */
export interface Folders {
  /** The whole content of a folder; nothing when it is absent or no folder. Links are not followed. */
  children(under: Under, io: Io): Promise<readonly Child[]>;
  /** Removes an unfinished thing, and what is in it; absent is done. */
  remove(path: ArtifactPath, io: Io): Promise<void>;
  readonly isUnfinished: (name: string) => boolean;
}

/** A temporary file as an unfinished upload: it is as old as its last byte. */
export function unfinishedAt(path: ArtifactPath, { size, modified }: Omit<Child, 'name'>): Unfinished {
  const name = nameOf(path);
  const owner = OWNED.exec(name)?.[1];
  return {
    path,
    token: name,
    ...(modified ? { started: modified } : {}),
    ...(size === undefined ? {} : { bytes: size }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** Unfinished files as uploads that were begun and not finished; a page for each folder that holds any. */
export function incompleteIn(folders: Folders): Incomplete {
  const { isUnfinished } = folders;
  return {
    owned: true,
    list: async function* (under, io) {
      if (under.split('/').some(isUnfinished)) return;
      const waiting: Under[] = [under];
      for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
        io.signal.throwIfAborted();
        const found: Unfinished[] = [];
        for (const child of await folders.children(at, io)) {
          if (isUnfinished(child.name)) found.push(unfinishedAt(below(at, child.name), child));
          else if (child.kind === 'directory') waiting.push(below(at, child.name));
        }
        if (found.length > 0) yield found;
      }
    },
    discard: async ({ path }, io) => {
      refuseOthers(path, isUnfinished);
      await folders.remove(path, io);
    },
  };
}

/** The names in a folder are not checked here: nothing is done to those that are not unfinished. */
function below(path: Under, name: string): ArtifactPath {
  return (path === '' ? name : `${path}/${name}`) as ArtifactPath;
}

/** What is no unfinished file is never removed as one. @throws Failure invalid */
export function refuseOthers(path: ArtifactPath, isUnfinished: (name: string) => boolean): void {
  if (isUnfinished(nameOf(path))) return;
  throw new Failure({ kind: 'invalid', message: `${path} is not an unfinished file`, subject: path });
}
