import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ArtifactStore, Traits } from '../../src/artifacts/store.ts';
import type { ArtifactStoreBed } from '../conformance/artifact-store/bed.ts';
import type { S3Bed } from './s3.ts';
import { s3Traits, storeAt } from './s3-store.ts';

export const BUCKET = 'conformance';

/** The conformance bed of an S3 server that `bed` gives once it runs. */
export function s3ConformanceBed(name: string, bed: () => S3Bed, proofs: Traits['proofs']): ArtifactStoreBed {
  const open = async (root: string): Promise<ArtifactStore> => storeAt(bed(), BUCKET, root);
  return {
    name,
    traits: s3Traits(proofs),
    versions: 'strong',
    members: ['multipart'],
    open,
    openMissing: async () => storeAt(bed(), 'no-such-bucket', 'root'),
    plant: async (root, key, bytes) => {
      await bed().client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${root}/${key}`, Body: bytes }));
    },
    leftovers: async (root) => {
      const found = await bed().client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${root}/` }));
      return (found.Contents ?? []).map(({ Key }) => (Key ?? '').slice(root.length + 1));
    },
  };
}
