import { connectHdfs, type HdfsBackend, type HdfsOptions } from '../../src/artifacts/stores/hdfs/backend.ts';
import type { ArtifactStore, Traits } from '../../src/artifacts/store.ts';
import { parseLocation } from '../../src/core/location.ts';
import { createNet } from '../../src/net/create-net.ts';
import type { HdfsBed } from './hdfs.ts';

/** The account that stores act as: none that the name node gives rights by itself. */
export const ALICE = 'alice';
const SOCKETS = 16;

/** What HDFS says of itself through WebHDFS. */
export const HDFS_TRAITS: Traits = {
  ranges: 'any',
  publish: 'replace',
  ifAbsent: 'atomic',
  directories: 'real',
  order: 'path',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'write',
  maxWriteBytes: Number.MAX_SAFE_INTEGER,
  removeBatch: 250,
  connections: SOCKETS / 2,
  proofs: [],
};

/** Our backend for what `overrides` says; no configuration is read unless it names one. */
export async function connectHdfsTo(overrides: Partial<HdfsOptions>): Promise<HdfsBackend> {
  const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 20_000, maxSockets: SOCKETS });
  return connectHdfs({ user: ALICE, maxSockets: SOCKETS, net, ...overrides });
}

/** A store of ours at a path of a bed, found through the bed's configuration. */
export async function hdfsStoreAt(
  bed: HdfsBed,
  path: string,
  overrides: Partial<HdfsOptions> = {},
): Promise<ArtifactStore> {
  const backend = await connectHdfsTo({ confDir: bed.confDir, ...overrides });
  return backend.at(parseLocation(`hdfs://${bed.authority}${path}`));
}

/** Makes a directory that belongs to an account. */
export async function makeHome(bed: HdfsBed, path: string, owner = ALICE): Promise<void> {
  await bed.call('PUT', path, 'op=MKDIRS');
  await bed.call('PUT', path, `op=SETOWNER&owner=${owner}`);
}

/** Everything below a directory, as the name node itself says, hidden names included; paths relative to it. */
export async function namesBelow(bed: HdfsBed, path: string, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  const answer = await bed.call('GET', path, 'op=LISTSTATUS').catch(() => Buffer.from('{}'));
  const listed = JSON.parse(answer.toString()) as {
    readonly FileStatuses?: { readonly FileStatus: readonly { pathSuffix: string; type: string }[] };
  };
  for (const { pathSuffix, type } of listed.FileStatuses?.FileStatus ?? []) {
    found.push(`${prefix}${pathSuffix}`);
    if (type !== 'DIRECTORY') continue;
    found.push(...(await namesBelow(bed, `${path}/${pathSuffix}`, `${prefix}${pathSuffix}/`)));
  }
  return found;
}
