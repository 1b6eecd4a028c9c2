import { connectS3, type S3Backend, type S3Options } from '../../src/artifacts/stores/s3/backend.ts';
import type { ArtifactStore, Traits } from '../../src/artifacts/store.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Location } from '../../src/core/location.ts';
import { createNet } from '../../src/net/create-net.ts';
import type { S3Bed } from './s3.ts';

/** What a store of ours is told to reach a bed. */
export type Target = Pick<S3Bed, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'> & {
  readonly caFile?: string;
};

/** A location in a bucket. */
export function s3Location(bucket: string, path = ''): Location {
  const redacted = path === '' ? `s3://${bucket}` : `s3://${bucket}/${path}`;
  return { scheme: 's3', authority: bucket, path, redacted };
}

/** Our S3 backend for a bed; `overrides` wins. */
export async function connectTo(target: Target, overrides: Partial<S3Options> = {}): Promise<S3Backend> {
  const net = createNet({
    ...(target.caFile ? { caFile: target.caFile } : {}),
    verifyTls: true,
    connectMs: 5_000,
    idleMs: 20_000,
    maxSockets: 16,
  });
  return connectS3({
    endpointUrl: target.endpoint,
    region: target.region,
    addressingStyle: 'auto',
    signatureVersion: 's3v4',
    accessKeyId: target.accessKeyId,
    secretAccessKey: target.secretAccessKey,
    maxSockets: 16,
    net,
    clock: systemClock,
    ...overrides,
  });
}

/** A store of ours at a path of a bucket. */
export async function storeAt(
  target: Target,
  bucket: string,
  path = '',
  overrides: Partial<S3Options> = {},
): Promise<ArtifactStore> {
  return (await connectTo(target, overrides)).at(s3Location(bucket, path));
}

/** What an S3 store says of itself at an endpoint that is not Amazon's. */
export function s3Traits(proofs: Traits['proofs']): Traits {
  return {
    ranges: 'any',
    publish: 'replace',
    ifAbsent: 'atomic',
    directories: 'virtual',
    order: 'path',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'multipart',
    maxWriteBytes: 5 * 1024 ** 3,
    removeBatch: 1000,
    wide: true,
    connections: 16,
    proofs,
  };
}
