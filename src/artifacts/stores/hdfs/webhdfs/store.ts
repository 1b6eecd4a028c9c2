import type { ArtifactStore, Traits } from '../../../store.ts';
import { pathTrouble } from '../names.ts';
import type { WebHdfsClient } from './client.ts';
import { webHdfsIncomplete } from './incomplete.ts';
import { listPages } from './list.ts';
import { readFile } from './read.ts';
import { makeDirectory, REMOVE_BATCH, removeAll } from './remove.ts';
import { statPath, statusOf } from './status.ts';
import { writeFile } from './write.ts';

/** What HDFS promises through WebHDFS. */
const WEBHDFS_TRAITS: Omit<Traits, 'connections' | 'publish'> = {
  ranges: 'any',
  ifAbsent: 'atomic',
  directories: 'real',
  order: 'path',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'write',
  maxWriteBytes: Number.MAX_SAFE_INTEGER,
  removeBatch: REMOVE_BATCH,
  proofs: [],
};

/** A root on HDFS, spoken to by WebHDFS. The file system is one: when its name node answers, absence means something. */
export function createWebHdfsStore(
  client: WebHdfsClient,
  { backend, server }: Pick<ArtifactStore, 'backend' | 'server'>,
  traits: Pick<Traits, 'connections' | 'publish'>,
): ArtifactStore {
  return {
    label: client.label,
    backend,
    server,
    traits: { ...WEBHDFS_TRAITS, ...traits },
    accepts: pathTrouble,
    stat: async (path, io) => statPath(client, path, io),
    list: (under, options, io) => listPages(client, under, options, io),
    read: async (path, options, io) => readFile(client, path, options, io),
    write: async (path, source, options, io) => writeFile(client, path, source, options, io),
    remove: async (batch, io) => removeAll(client, batch, io),
    facts: async (io) => {
      const root = await statusOf(client, '/', client.label, io);
      return { anchor: root?.kind === 'directory' ? 'present' : 'absent' };
    },
    makeDirectory: async (path, io) => makeDirectory(client, path, io),
    incomplete: webHdfsIncomplete(client),
  };
}
