import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf, parentOf, type ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { ArtifactStore, Entry, Traits } from '../../store.ts';
import { entryOf } from './entries.ts';
import { isAbsent, localFailure } from './failures.ts';
import { localIncomplete } from './incomplete.ts';
import { listDirectory } from './list.ts';
import { isHidden, refusalOf } from './names.ts';
import { readFile } from './read.ts';
import { removeAll } from './remove.ts';
import { Root } from './root.ts';
import { writeFile } from './write.ts';

export const LOCAL_TRAITS: Traits = {
  ranges: 'any',
  publish: 'replace',
  ifAbsent: 'atomic',
  directories: 'real',
  order: 'path',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'write',
  maxWriteBytes: Number.MAX_SAFE_INTEGER,
  removeBatch: 1000,
  connections: 16,
  proofs: ['crc32', 'crc32c', 'crc64nvme', 'md5', 'sha1', 'sha256'],
};

/**
 * A directory as a store; it is made by the first write. Interchangeable with MLflow's LocalArtifactRepository: same
 * layout, unfinished files of either are invisible to both.
 *
 * Links: listed as `other` and not descended into; read and written through when they stay inside the root, refused
 * when they leave it; never followed by a removal. A missing root is empty, and `facts` tells whether that means
 * anything (see Root.isAnchored).
 */
export function openLocalStore(path: string): ArtifactStore {
  const root = new Root(path);
  return {
    label: root.path,
    backend: 'local',
    server: 'local',
    traits: LOCAL_TRAITS,
    accepts: refusalOf,
    stat: async (at) => statPath(root, at),
    list: (under, options, io) => listDirectory(root, under, options, io),
    read: async (at, options) => readFile(root, at, options),
    write: async (at, source, options, io) => writeFile(root, at, source, options, io),
    remove: async (batch, io) => removeAll(root, batch, io),
    facts: async () => ({ anchor: (await root.isAnchored()) ? 'present' : 'absent' }),
    makeDirectory: async (at) => makeDirectory(root, at),
    incomplete: localIncomplete(root),
  };
}

async function makeDirectory(root: Root, path: ArtifactPath): Promise<void> {
  const made = await lstat(await root.make(path)).catch((thrown: unknown) => {
    throw localFailure(thrown, 'making the directory', root.subject(path));
  });
  if (made.isDirectory()) return;
  const subject = root.subject(path);
  throw new Failure({ kind: 'wrong-kind', message: `${subject} is not a directory`, subject });
}

async function statPath(root: Root, path: ArtifactPath): Promise<Entry | undefined> {
  const parent = isHidden(path) ? undefined : await root.realOf(parentOf(path));
  if (parent === undefined) return undefined;
  try {
    return entryOf(path, await lstat(join(parent, nameOf(path)), { bigint: true }));
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw localFailure(thrown, 'looking at', root.subject(path));
  }
}
