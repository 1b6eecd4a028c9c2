import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Oracle } from './transfer-rig.ts';

/** A run's artifacts at `prefix` of a bucket: by Amazon's own client, and the bytes from the folder that is served. */
export function s3Oracle(client: S3Client, data: string, Bucket: string, prefix: string): Oracle {
  return {
    sizes: async (under) => {
      const Prefix = `${prefix}/${under}/`;
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return new Map(Contents.map(({ Key = '', Size = -1 }) => [Key.slice(Prefix.length), Size]));
    },
    content: async (under, name) => readFile(join(data, Bucket, prefix, under, name)),
    unfinished: async (under) => {
      const Prefix = `${prefix}/${under}/`;
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
      return Uploads.map(({ Key = '' }) => Key);
    },
  };
}
