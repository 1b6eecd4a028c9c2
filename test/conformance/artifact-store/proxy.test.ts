import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { connectProxy, PROXY_TRAITS } from '../../../src/artifacts/stores/proxy/connect-proxy.ts';
import { resolveProxyUrl } from '../../../src/artifacts/stores/proxy/resolve-proxy-url.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Authorizer } from '../../../src/net/authorizer.ts';
import { createNet } from '../../../src/net/create-net.ts';
import { startMlflowServer, type MlflowServer } from '../../testbeds/mlflow.ts';
import { startVersitygw, type S3Bed } from '../../testbeds/s3.ts';
import { artifactStoreConformance } from './suite.ts';

const net = createNet({ verifyTls: true, connectMs: 10_000, idleMs: 60_000, maxSockets: 32 });
const open: Authorizer = { hosts: [], authorize: async () => ({}) };

function storeAt(server: MlflowServer, root: string) {
  const label = `mlflow-artifacts:/${root}`;
  const url = resolveProxyUrl(label, server.url);
  return connectProxy({ url, net, authorizer: open, clock: systemClock, label });
}

let local: MlflowServer;
let remote: MlflowServer;
let s3: S3Bed;

beforeAll(async () => {
  s3 = await startVersitygw();
  await s3.createBucket('artifacts');
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
  };
  [local, remote] = await Promise.all([
    startMlflowServer(),
    startMlflowServer({ artifactsDestination: 's3://artifacts/root', env }),
  ]);
});

afterAll(async () => {
  net.close();
  await Promise.all([local.stop(), remote.stop(), s3.stop()]);
});

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** The server removes its own temporary file a moment after it noticed that the client is gone. */
async function settled(folder: string): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const files = await filesIn(folder);
    if (tries === 100 || !files.some((file) => file.includes('.artifact.uploading.'))) return files;
    await wait(50);
  }
}

const common = {
  traits: PROXY_TRAITS,
  members: [],
  versions: 'none',
  refusedName: 'a%20b',
} as const;

artifactStoreConformance({
  ...common,
  name: 'stock MLflow server, local destination',
  programs: ['mlflow'],
  open: async (root) => storeAt(local, root),
  leftovers: async (root) => settled(join(local.dir, 'artifacts', root)),
});

artifactStoreConformance({
  ...common,
  name: 'stock MLflow server, S3 destination',
  open: async (root) => storeAt(remote, root),
});
