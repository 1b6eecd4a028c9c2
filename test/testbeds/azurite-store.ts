import {
  connectAzure,
  type AzureBackend,
  type AzureOptions,
} from '../../src/artifacts/stores/azure/backend.ts';
import type { ArtifactStore, Traits } from '../../src/artifacts/store.ts';
import { parseLocation } from '../../src/core/location.ts';
import { createNet } from '../../src/net/create-net.ts';
import type { NetOptions } from '../../src/net/net.ts';
import type { ArtifactStoreBed } from '../conformance/artifact-store/bed.ts';
import { ACCOUNT, type AzuriteBed } from './azurite.ts';

export const CONTAINER = 'conformance';

const NET: NetOptions = { verifyTls: true, connectMs: 5_000, idleMs: 20_000, maxSockets: 16 };

/** Our Azure backend with these options alone; `net` on top of the usual ones. */
export async function connectTo(
  options: Partial<Omit<AzureOptions, 'net' | 'loginNet'>>,
  net: Partial<NetOptions> = {},
): Promise<AzureBackend> {
  return connectAzure({
    maxSockets: 16,
    warn: () => undefined,
    ...options,
    net: createNet({ ...NET, ...net }),
    loginNet: () => createNet(NET),
  });
}

export function uriOf(container: string, path = '', scheme: 'wasbs' | 'abfss' = 'wasbs'): string {
  const host = scheme === 'wasbs' ? 'blob' : 'dfs';
  return `${scheme}://${container}@${ACCOUNT}.${host}.core.windows.net/${path}`;
}

/** A store of ours on a bed, by its connection string unless other options are given. */
export async function storeAt(
  bed: Pick<AzuriteBed, 'connectionString'>,
  container: string,
  path = '',
  options?: Partial<Omit<AzureOptions, 'net' | 'loginNet'>>,
  net?: Partial<NetOptions>,
): Promise<ArtifactStore> {
  const backend = await connectTo(options ?? { connectionString: bed.connectionString }, net);
  return backend.at(parseLocation(uriOf(container, path)));
}

/** What an Azure store says of itself. */
export const azureTraits: Traits = {
  ranges: 'any',
  publish: 'replace',
  ifAbsent: 'atomic',
  directories: 'virtual',
  order: 'none',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'multipart',
  maxWriteBytes: 5000 * 1024 ** 2,
  removeBatch: 256,
  connections: 16,
  proofs: ['md5'],
};

/** The conformance bed of an Azurite that `bed` gives once it runs, reached as `open` does. */
export function azuriteConformanceBed(
  name: string,
  bed: () => AzuriteBed,
  open: (container: string, root: string) => Promise<ArtifactStore>,
): ArtifactStoreBed {
  return {
    name,
    traits: azureTraits,
    versions: 'strong',
    markers: true,
    members: ['multipart', 'attach', 'confirmed', 'incomplete'],
    manyParts: 50,
    manyUploads: 30,
    keepsParts: true,
    findsNewOnly: true,
    refusedName: 'ends with a dot.',
    open: async (root) => open(CONTAINER, root),
    openMissing: async () => open('no-such-container', 'root'),
    plant: async (root, blob, bytes) => {
      const client = bed().container(CONTAINER).getBlockBlobClient(`${root}/${blob}`);
      await client.upload(Buffer.from(bytes), bytes.byteLength);
    },
    leftovers: async (root) => {
      const names: string[] = [];
      for await (const { name: blob } of bed()
        .container(CONTAINER)
        .listBlobsFlat({ prefix: `${root}/` })) {
        names.push(blob.slice(root.length + 1));
      }
      return names;
    },
  };
}
