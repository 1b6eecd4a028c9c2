import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bedFolder, type Bed } from '../testbeds/bed.ts';
import { startMlflowServer, type MlflowServerOptions } from '../testbeds/mlflow.ts';
import type { S3Bed } from '../testbeds/s3.ts';
import { askMlstow, type Place } from './mlstow-command.ts';
import { startFront, type Front } from './proxy-multipart-front.ts';

const MIB = 1024 ** 2;
/** Five parts. */
export const LARGE_BYTES = 20 * MIB + 17;
const BUCKET = 'artifacts';

/** A stock server whose artifacts are at an S3 server, with a front before each. */
export interface Rig extends Bed {
  readonly server: Front;
  readonly s3: Front;
  readonly dir: string;
  /** 20 MiB and 17 bytes. */
  readonly large: string;
  readonly place: Place;
  /** A run whose artifacts the server keeps. */
  newRun(): Promise<string>;
  /** Keys with ETags below `<run>/artifacts/`. */
  stored(runId: string): Promise<Readonly<Record<string, string>>>;
  unfinished(): Promise<readonly string[]>;
}

/** The settings under which 5 MiB parts are used from 6 MiB on; nothing of S3 is known to the client. */
export const PARTS = {
  MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(6 * MIB),
  MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(5 * MIB),
  MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0',
  MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: '0',
} as const;

/** Starts both fronts and the stock server; without an S3 server its artifacts are local. */
export async function startRig(bed: S3Bed | undefined, options: MlflowServerOptions = {}): Promise<Rig> {
  const dir = await bedFolder('past-the-server');
  const tls = bed?.caFile;
  const s3 = await startFront(bed?.endpoint);
  await bed?.createBucket(BUCKET);
  const mlflow = await startMlflowServer({
    ...options,
    ...(bed
      ? {
          artifactsDestination: `s3://${BUCKET}/root`,
          env: {
            AWS_ACCESS_KEY_ID: bed.accessKeyId,
            AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
            AWS_DEFAULT_REGION: bed.region,
            MLFLOW_S3_ENDPOINT_URL: tls === undefined ? s3.url : bed.endpoint,
            ...(tls === undefined ? {} : { AWS_CA_BUNDLE: tls }),
          },
        }
      : {}),
  });
  const server = await startFront(mlflow.url);
  const large = join(dir, 'large.bin');
  await writeFile(large, randomBytes(LARGE_BYTES));
  const place = { cwd: dir, env: { MLFLOW_TRACKING_URI: server.url, ...PARTS } };
  const experiment = await askMlstow(['experiments', 'create', '-n', 'past the server'], place);
  return {
    server,
    s3,
    dir,
    large,
    place,
    newRun: async () => askMlstow(['runs', 'create', '--experiment-id', experiment], place),
    stored: async (runId) => {
      const Prefix = `root/${experiment}/${runId}/artifacts/`;
      const found = await bed?.client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
      const objects = (found?.Contents ?? []).map(({ Key = '', ETag = '' }) => [
        Key.slice(Prefix.length),
        ETag.replaceAll('"', ''),
      ]);
      return Object.fromEntries(objects) as Record<string, string>;
    },
    unfinished: async () => {
      const found = await bed?.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
      return (found?.Uploads ?? []).map(({ Key = '' }) => Key);
    },
    stop: async () => {
      await Promise.all([server.stop(), s3.stop(), mlflow.stop()]);
      await rm(dir, { recursive: true });
    },
  };
}

/** The same place with more settings. */
export function withEnv({ cwd, env }: Place, more: Readonly<Record<string, string>>): Place {
  return { cwd, env: { ...env, ...more } };
}

export async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
