import { createHash } from 'node:crypto';
import { signedHeaders } from '../../src/artifacts/stores/s3/sign.ts';
import type { S3Bed } from './s3.ts';

/** One statement of an IAM policy. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

export interface RoleKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Temporary keys at MinIO that may do only what these statements allow (its AssumeRole API). */
export async function assumeRole(bed: S3Bed, statements: readonly Statement[]): Promise<RoleKeys> {
  const body = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    DurationSeconds: '3600',
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  }).toString();
  const payloadHash = createHash('sha256').update(body).digest('hex');
  const url = new URL(bed.endpoint);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const headers = signedHeaders({ method: 'POST', url, headers: type, payloadHash }, bed, {
    region: bed.region,
    service: 'sts',
    now: Date.now(),
  });
  const answer = await (await fetch(url, { method: 'POST', headers, body })).text();
  const field = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(answer)?.[1] ?? '';
  return {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
  };
}
