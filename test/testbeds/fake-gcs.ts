import { join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { connectGcs, type GcsOptions } from '../../src/artifacts/stores/gcs/backend.ts';
import type { Location } from '../../src/core/location.ts';
import { createNet } from '../../src/net/create-net.ts';
import { answers, bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { goInstall } from './go-install.ts';
import { mlflowPython } from './mlflow.ts';
import { mustRun } from './run-command.ts';

const VERSION = '1.56.1';
/** Google's Python client with what MLflow's environment lacks of it. */
const PYTHON_CLIENT = [
  'google-cloud-storage==3.17.1',
  'google-api-core==2.44.0',
  'google-cloud-core==2.8.0',
  'google-crc32c==1.9.0',
  'google-resumable-media==2.11.0',
  'googleapis-common-protos==1.76.0',
  'proto-plus==1.29.0',
];

export interface FakeGcs extends Bed {
  readonly endpoint: string;
  /** The vendor's own client, as the oracle of tests. */
  readonly client: Storage;
  createBucket(name: string): Promise<void>;
}

/**
 * fake-gcs-server, in memory. It looks at no credentials, and answers the status query of a resumable upload as if it
 * were the last chunk: what depends on either is not tested here.
 */
export async function startFakeGcs(): Promise<FakeGcs> {
  const install = await cached('fake-gcs', VERSION, (dir) =>
    goInstall(`github.com/fsouza/fake-gcs-server@v${VERSION}`, dir),
  );
  const dir = await bedFolder('fake-gcs');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    name: 'fake-gcs',
    file: join(install, 'fake-gcs-server'),
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
      ...['-public-host', `127.0.0.1:${port}`, '-external-url', endpoint, '-log-level', 'warn'],
    ],
    env: bareEnvironment(dir),
    dir,
    ready: () => answers(`${endpoint}/_internal/healthcheck`),
    readyMs: 20_000,
  });
  const client = new Storage({
    apiEndpoint: endpoint,
    projectId: 'test',
    retryOptions: { autoRetry: false },
  });
  return {
    endpoint,
    client,
    createBucket: async (name) => {
      await client.createBucket(name);
    },
    stop: () => started.stop(),
  };
}

/** A location in a bucket. */
export function gsLocation(bucket: string, path = ''): Location {
  const redacted = path === '' ? `gs://${bucket}` : `gs://${bucket}/${path}`;
  return { scheme: 'gs', authority: bucket, path, redacted };
}

/** A store of ours at a path of a bucket, with small chunks, so that every transfer is of several. */
export async function gcsStoreAt(
  apiEndpoint: string,
  bucket: string,
  path = '',
  overrides: Partial<GcsOptions> = {},
): Promise<ArtifactStore> {
  const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 20_000, maxSockets: 16 });
  const backend = await connectGcs({
    apiEndpoint,
    anonymous: true,
    uploadChunkSize: 256 * 1024,
    downloadChunkSize: 1024 * 1024,
    maxSockets: 16,
    net,
    ...overrides,
  });
  return backend.at(gsLocation(bucket, path));
}

/** A folder for PYTHONPATH with which the stock MLflow opens `gs:` locations. */
export async function gcsPythonPath(): Promise<string> {
  return cached('gcs-python', '3.17.1', async (dir) => {
    const python = await mlflowPython();
    const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps', '--target', dir];
    await mustRun(python, [...install, ...PYTHON_CLIENT]);
  });
}
