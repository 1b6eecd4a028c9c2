import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { startAzurite } from '../testbeds/azurite.ts';
import type { Bed } from '../testbeds/bed.ts';
import { startCountingProxy, type CountingProxy } from '../testbeds/counting-proxy.ts';
import type { S3Bed } from '../testbeds/s3.ts';

/** A store under test, as the command reaches it: through a proxy that counts, where it is a server. */
export interface Target extends Bed {
  readonly env: Readonly<Record<string, string>>;
  readonly location: string;
  readonly flags: readonly string[];
  readonly proxy?: CountingProxy;
  /** Names of files that have unfinished uploads. */
  unfinished(runId: string): Promise<readonly string[]>;
  /** How many bytes the store shows under the name of a file, as whoever reads there without mlstow sees it. */
  shownBytes(runId: string, name: string): Promise<number | undefined>;
}

/** What a question gives; undefined when nothing is there. */
async function unlessAbsent<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    const { $metadata, statusCode, code } = thrown as {
      readonly $metadata?: { readonly httpStatusCode?: number };
      readonly statusCode?: number;
      readonly code?: string;
    };
    if (($metadata?.httpStatusCode ?? statusCode) === 404 || code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The size of a file; undefined when it is not there. */
export const bytesAt = async (file: string) => unlessAbsent(async () => (await stat(file)).size);

/** A bucket of an S3 server. */
export async function s3Target(bed: S3Bed, names: readonly string[]): Promise<Target> {
  await bed.createBucket('kill');
  const proxy = await startCountingProxy(bed.endpoint);
  return {
    env: {
      MLFLOW_S3_ENDPOINT_URL: proxy.url,
      AWS_ACCESS_KEY_ID: bed.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
      AWS_DEFAULT_REGION: bed.region,
    },
    location: 's3://kill/e',
    flags: [],
    proxy,
    // MinIO lists the uploads of one whole key only.
    unfinished: async (runId) => {
      const found: string[] = [];
      for (const name of names) {
        const Prefix = `e/${runId}/artifacts/tree/${name}`;
        const { Uploads = [] } = await bed.client.send(
          new ListMultipartUploadsCommand({ Bucket: 'kill', Prefix }),
        );
        found.push(...Uploads.map(({ Key }) => Key ?? ''));
      }
      return found;
    },
    shownBytes: async (runId, name) =>
      unlessAbsent(async () => {
        const Key = `e/${runId}/artifacts/tree/${name}`;
        return (await bed.client.send(new HeadObjectCommand({ Bucket: 'kill', Key }))).ContentLength;
      }),
    stop: async () => {
      await proxy.stop();
      await bed.stop();
    },
  };
}

/** A container of Azurite. */
export async function azureTarget(): Promise<Target> {
  const bed = await startAzurite();
  await bed.createContainer('kill');
  const proxy = await startCountingProxy(new URL(bed.endpoint).origin);
  const through = bed.connectionString.replace(new URL(bed.endpoint).origin, proxy.url);
  return {
    env: { AZURE_STORAGE_CONNECTION_STRING: through },
    location: `wasbs://kill@${bed.account}.blob.core.windows.net/e`,
    flags: [],
    proxy,
    unfinished: async (runId) => {
      const found: string[] = [];
      const under = { includeUncommitedBlobs: true, prefix: `e/${runId}/` };
      for await (const { name, properties } of bed.container('kill').listBlobsFlat(under))
        if (properties.contentLength === 0) found.push(name);
      return found;
    },
    shownBytes: async (runId, name) =>
      unlessAbsent(async () => {
        const blob = bed.container('kill').getBlobClient(`e/${runId}/artifacts/tree/${name}`);
        return (await blob.getProperties()).contentLength;
      }),
    stop: async () => {
      await proxy.stop();
      await bed.stop();
    },
  };
}

/** A folder of this machine. */
export async function localTarget(home: string): Promise<Target> {
  const folder = join(home, 'store');
  await mkdir(folder);
  return {
    env: {},
    location: folder,
    flags: ['--allow-local'],
    unfinished: async (runId) => {
      const names = await readdir(join(folder, runId), { recursive: true });
      return names.filter((name) => name.includes('.artifact.uploading.'));
    },
    shownBytes: async (runId, name) => bytesAt(join(folder, runId, 'artifacts/tree', name)),
    stop: async () => undefined,
  };
}
