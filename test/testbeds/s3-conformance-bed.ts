import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ArtifactStore, Traits } from '../../src/artifacts/store.ts';
import type { ArtifactStoreBed } from '../conformance/artifact-store/bed.ts';
import type { S3Bed } from './s3.ts';
import type { RoleKeys, Statement } from './s3-role.ts';
import { s3Traits, storeAt } from './s3-store.ts';

export const BUCKET = 'conformance';

/** All rights, but none to read or remove what is below a folder `locked`. */
export const LOCKED: readonly Statement[] = [
  { Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] },
  { Effect: 'Deny', Action: ['s3:GetObject', 's3:DeleteObject'], Resource: ['arn:aws:s3:::*/locked/*'] },
];

/**
 * The conformance bed of an S3 server that `bed` gives once it runs. `role`: keys that have the rights of `LOCKED`,
 * under which the paths that the cases deny are never readable nor removable.
 */
export function s3ConformanceBed(
  name: string,
  bed: () => S3Bed,
  proofs: Traits['proofs'],
  role?: () => RoleKeys,
): ArtifactStoreBed {
  const open = async (root: string): Promise<ArtifactStore> => storeAt(bed(), BUCKET, root, role?.());
  return {
    name,
    traits: s3Traits(proofs),
    versions: 'strong',
    members: ['multipart', 'attach', 'confirmed', 'incomplete', 'versions'],
    manyParts: 1005,
    manyUploads: 1005,
    open,
    openMissing: async () => storeAt(bed(), 'no-such-bucket', 'root'),
    plant: async (root, key, bytes) => {
      await bed().client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${root}/${key}`, Body: bytes }));
    },
    ...(role ? { deny: async (_root, _path, while_) => while_() } : {}),
    leftovers: async (root) => {
      const found = await bed().client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${root}/` }));
      return (found.Contents ?? []).map(({ Key }) => (Key ?? '').slice(root.length + 1));
    },
  };
}
