import { startMinio } from '../../test/testbeds/s3.ts';
import { startToxiproxy } from '../../test/testbeds/toxiproxy.ts';
import type { Bench } from '../bench.ts';
import { keptByRclone, type Site } from './site.ts';
import { startVersitygwKeepAlive } from './versitygw.ts';

const BUCKET = 'bench';

/** Files moved at once, the usual number of mlstow. */
export const AT_ONCE = 32;

/** From this size on files go in parts, in bytes. */
const PARTS_FROM = 64 * 1024 ** 2;

/**
 * What makes rclone fast here without taking its integrity checks away: as many files at once and parts as large as
 * mlstow's, no question about the bucket, no HEAD of each object before or after. Of large files it needs the HEAD: it
 * takes an object that it sent by several threads for an empty one otherwise.
 */
function tuned(size: number): readonly string[] {
  return [
    ...['--transfers', String(AT_ONCE), '--checkers', String(AT_ONCE)],
    ...['--s3-no-check-bucket', '--s3-no-head', '--use-server-modtime'],
    ...(size < PARTS_FROM ? ['--s3-no-head-object'] : []),
    ...['--s3-upload-cutoff', `${PARTS_FROM}B`, '--s3-chunk-size', '16Mi', '--s3-upload-concurrency', '4'],
  ];
}

/** An S3 server; answers are held back by the latency that was chosen. */
export async function startS3Site(bench: Bench): Promise<Site> {
  const server = await (bench.server === 'minio' ? startMinio() : startVersitygwKeepAlive());
  await server.createBucket(BUCKET);
  const toxiproxy = bench.latencyMs > 0 ? await startToxiproxy() : undefined;
  const proxy = await toxiproxy?.proxy(new URL(server.endpoint).host);
  await proxy?.add({ type: 'latency', attributes: { latency: bench.latencyMs, jitter: 0 } });
  const endpoint = proxy ? `http://${proxy.address}` : server.endpoint;
  const remoteAt = (url: string) => ({
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: bench.server === 'minio' ? 'Minio' : 'Other',
    RCLONE_CONFIG_S3_ENDPOINT: url,
    RCLONE_CONFIG_S3_REGION: server.region,
    RCLONE_CONFIG_S3_ACCESS_KEY_ID: server.accessKeyId,
    RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: server.secretAccessKey,
  });
  const remote = (path: string) => `s3:${BUCKET}/${path}`;
  return {
    env: {
      ...remoteAt(endpoint),
      MLFLOW_S3_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_DEFAULT_REGION: server.region,
    },
    location: `s3://${BUCKET}`,
    remote,
    rcloneFlags: tuned,
    stock: true,
    ...keptByRclone(bench, remoteAt(server.endpoint), remote),
    stop: async () => {
      await toxiproxy?.stop();
      await server.stop();
    },
  };
}
