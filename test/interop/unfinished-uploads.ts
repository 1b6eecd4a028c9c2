import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { ContainerClient } from '@azure/storage-blob';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { namesBelow } from '../testbeds/hdfs-store.ts';
import type { HdfsBed } from '../testbeds/hdfs.ts';
import type { S3Bed } from '../testbeds/s3.ts';

/** Uploads that a client began at an artifact root and never finished. Paths are relative to it. */
export interface UnfinishedUploads {
  /** Begins one for an artifact, three days ago where the store lets time be set. */
  begin(path: string, isOld: boolean): Promise<void>;
  /** What is there, as the server itself says. */
  left(): Promise<readonly string[]>;
}

const THREE_DAYS_MS = 3 * 24 * 60 * 60 * 1000;
const BYTES = Buffer.from('half');

/** MLflow's name of a file that is not whole. */
function temporaryOf(path: string, isOld: boolean): string {
  return join(dirname(path), `.artifact.uploading.${isOld ? 'three-days' : 'now'}`);
}

const isTemporary = (name: string): boolean => name.includes('.artifact.uploading.');

/** Temporary files in a folder of this machine, whoever serves it. */
export function inFolder(root: string): UnfinishedUploads {
  return {
    begin: async (path, isOld) => {
      const file = join(root, temporaryOf(path, isOld));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, BYTES);
      const then = (Date.now() - THREE_DAYS_MS) / 1000;
      if (isOld) await utimes(file, then, then);
    },
    left: async () => (await readdir(root, { recursive: true })).filter(isTemporary).sort(),
  };
}

/** Temporary files in a folder of HDFS. */
export function inHdfs(bed: HdfsBed, root: string): UnfinishedUploads {
  return {
    begin: async (path, isOld) => {
      const file = `${root}/${temporaryOf(path, isOld)}`;
      await bed.call('PUT', file, 'op=CREATE', BYTES);
      const then = Date.now() - THREE_DAYS_MS;
      if (isOld) await bed.call('PUT', file, `op=SETTIMES&modificationtime=${then}`);
    },
    left: async () => (await namesBelow(bed, root)).filter(isTemporary).sort(),
  };
}

/** Uploads in parts of a bucket; they begin now. */
export function inBucket({ client }: S3Bed, Bucket: string, root: string): UnfinishedUploads {
  return {
    begin: async (path) => {
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: `${root}/${path}` }));
    },
    left: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key.slice(root.length + 1));
    },
  };
}

/** Blocks that were put and not committed; they have no age. */
export function inContainer(container: ContainerClient, root: string): UnfinishedUploads {
  const id = Buffer.from('mlflow_block_00001').toString('base64');
  return {
    begin: async (path) => {
      await container.getBlockBlobClient(`${root}/${path}`).stageBlock(id, BYTES, BYTES.byteLength);
    },
    left: async () => {
      const names: string[] = [];
      const all = container.listBlobsFlat({ prefix: `${root}/`, includeUncommitedBlobs: true });
      for await (const { name } of all) names.push(name.slice(root.length + 1));
      return names.filter((name) => name.endsWith('half.bin'));
    },
  };
}
