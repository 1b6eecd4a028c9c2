import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { answers, bareEnvironment, bedFolder, freePort, startProcess } from '../../test/testbeds/bed.ts';
import { cached } from '../../test/testbeds/bed-cache.ts';
import { goInstall } from '../../test/testbeds/go-install.ts';
import type { S3Bed } from '../../test/testbeds/s3.ts';

/** The same build as the test bed's. */
const VERSION = '1.8.0';

/** What a contestant needs of an S3 server. */
export type S3Server = Pick<
  S3Bed,
  'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'createBucket' | 'stop'
>;

/**
 * versitygw as the test bed starts it, but for `--keep-alive`: without it, it closes every connection after one
 * request, unlike the servers of the world, and what is measured is the making of connections.
 */
export async function startVersitygwKeepAlive(): Promise<S3Server> {
  const install = await cached('versitygw', VERSION, (dir) =>
    goInstall(`github.com/versity/versitygw/cmd/versitygw@v${VERSION}`, dir),
  );
  const dir = await bedFolder('versitygw');
  await mkdir(join(dir, 'data'));
  const address = `127.0.0.1:${await freePort()}`;
  const keys = { accessKeyId: 'testkey', secretAccessKey: 'testsecret123' };
  const started = await startProcess({
    name: 'versitygw',
    file: join(install, 'versitygw'),
    args: ['--port', address, '--health', '/health', '--quiet', '--keep-alive', 'posix', join(dir, 'data')],
    env: {
      ...bareEnvironment(dir),
      ROOT_ACCESS_KEY: keys.accessKeyId,
      ROOT_SECRET_KEY: keys.secretAccessKey,
    },
    dir,
    ready: () => answers(`http://${address}/health`),
    readyMs: 20_000,
  });
  const endpoint = `http://${address}`;
  const region = 'us-east-1';
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: keys });
  return {
    endpoint,
    region,
    ...keys,
    createBucket: async (name) => {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      client.destroy();
    },
    stop: () => started.stop(),
  };
}
