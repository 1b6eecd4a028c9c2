import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectProxy, PROXY_TRAITS } from '../../../src/artifacts/stores/proxy/connect-proxy.ts';
import { resolveProxyUrl } from '../../../src/artifacts/stores/proxy/resolve-proxy-url.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Authorizer } from '../../../src/net/authorizer.ts';
import { createNet } from '../../../src/net/create-net.ts';
import { startMlflowServer, type MlflowServer } from '../../testbeds/mlflow.ts';
import { startMinio, type S3Bed } from '../../testbeds/s3.ts';
import { artifactStoreConformance } from './suite.ts';

const MIB = 1024 ** 2;
const net = createNet({ verifyTls: true, connectMs: 10_000, idleMs: 60_000, maxSockets: 32 });
const open: Authorizer = { hosts: [], authorize: async () => ({}) };

let server: MlflowServer;
let s3: S3Bed;

beforeAll(async () => {
  s3 = await startMinio();
  await s3.createBucket('artifacts');
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
  };
  server = await startMlflowServer({ artifactsDestination: 's3://artifacts/root', env });
});

afterAll(async () => {
  net.close();
  await Promise.all([server.stop(), s3.stop()]);
});

artifactStoreConformance({
  name: 'stock MLflow server, past it to its S3 destination',
  traits: { ...PROXY_TRAITS, ranges: 'any' },
  members: ['multipart', 'attach'],
  versions: 'none',
  bodyVersions: true,
  refusedName: 'a%20b',
  open: async (root) => {
    const label = `mlflow-artifacts:/${root}`;
    const url = resolveProxyUrl(label, server.url);
    const direct = { net: () => net, upload: true, download: true, fromBytes: 0, partBytes: 5 * MIB };
    return connectProxy({ url, net, authorizer: open, clock: systemClock, label, direct });
  },
  leftovers: async (root) => {
    const Prefix = `root/${root}/`;
    const found = await s3.client.send(new ListObjectsV2Command({ Bucket: 'artifacts', Prefix }));
    return (found.Contents ?? []).map(({ Key }) => (Key ?? '').slice(Prefix.length));
  },
});

test('no case left an upload unfinished', async () => {
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'artifacts' }));
  expect(Uploads).toEqual([]);
});
