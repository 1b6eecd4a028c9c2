import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Oracle } from './transfer-rig.ts';

/** What versitygw writes to before it renames; a listing of its may show it for a moment. */
const SERVERS_OWN = /\.sgwtmp\.\d+$/;

/**
 * A run's artifacts at `prefix` of a bucket, by Amazon's own client; their bytes from the folder that is served, where
 * it can be seen.
 */
export function s3Oracle(client: S3Client, data: string | undefined, Bucket: string, prefix: string): Oracle {
  return {
    sizes: async (under) => {
      const Prefix = `${prefix}/${under}/`;
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      const objects = Contents.filter(({ Key = '' }) => !SERVERS_OWN.test(Key));
      return new Map(objects.map(({ Key = '', Size = -1 }) => [Key.slice(Prefix.length), Size]));
    },
    content: async (under, name) => {
      const Key = `${prefix}/${under}/${name}`;
      if (data !== undefined) return readFile(join(data, Bucket, Key));
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    unfinished: async (under) => {
      const Prefix = `${prefix}/${under}/`;
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
      return Uploads.map(({ Key = '' }) => Key);
    },
  };
}
