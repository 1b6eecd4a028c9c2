import { expect, test } from 'vitest';
import { extraHeaders } from '../../../../src/artifacts/stores/s3/extra-args.ts';
import { Failure } from '../../../../src/core/failure.ts';

/** s3transfer's TransferManager.ALLOWED_UPLOAD_ARGS, version 0.19. */
const BOTO3 = (
  'ACL CacheControl ChecksumAlgorithm ContentDisposition ContentEncoding ContentLanguage ContentType ' +
  'ExpectedBucketOwner Expires GrantFullControl GrantRead GrantReadACP GrantWriteACP Metadata ' +
  'ObjectLockLegalHoldStatus ObjectLockMode ObjectLockRetainUntilDate RequestPayer ServerSideEncryption ' +
  'StorageClass SSECustomerAlgorithm SSECustomerKey SSECustomerKeyMD5 SSEKMSKeyId SSEKMSEncryptionContext ' +
  'Tagging WebsiteRedirectLocation ChecksumType MpuObjectSize ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ' +
  'ChecksumMD5 ChecksumSHA1 ChecksumSHA256 ChecksumSHA512 ChecksumXXHASH3 ChecksumXXHASH64 ChecksumXXHASH128'
).split(' ');

const SPECIAL: Readonly<Record<string, unknown>> = { Metadata: { Team: 'ml' }, ChecksumAlgorithm: 'SHA256' };

test.each(BOTO3)('%s is taken', (key) => {
  const { create, finish, access, checksum } = extraHeaders({ [key]: SPECIAL[key] ?? 'value' });
  const headers = Object.entries({ ...create, ...finish, ...access });
  expect(headers.length + (checksum === undefined ? 0 : 1)).toBeGreaterThan(0);
  for (const [name] of headers) expect(name).toBe(name.toLowerCase());
});

test('the KMS example of MLflow becomes two headers', () => {
  expect(extraHeaders({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: '1234' }).create).toEqual({
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': '1234',
  });
});

test('metadata is one header each', () => {
  expect(extraHeaders({ Metadata: { Team: 'ml', n: 1 } }).create).toEqual({
    'x-amz-meta-team': 'ml',
    'x-amz-meta-n': '1',
  });
});

test('a customer key is encoded and digested as botocore does, unless its MD5 comes with it', () => {
  const name = 'x-amz-server-side-encryption-customer-key';
  expect(extraHeaders({ SSECustomerKey: 'abc' }).access).toEqual({
    [name]: 'YWJj',
    [`${name}-md5`]: 'kAFQmDzST7DWlj99KOF/cg==',
  });
  expect(extraHeaders({ SSECustomerKey: 'YWJj', SSECustomerKeyMD5: 'x' }).access).toEqual({
    [name]: 'YWJj',
    [`${name}-md5`]: 'x',
  });
});

test.each([
  ['ServerSideEncrytion', { ServerSideEncrytion: 'aws:kms' }],
  ['toString', { toString: 'x' }],
  ['ACL', { ACL: { x: 1 } }],
  ['ContentType', { ContentType: 'text/plain\r\nx-evil: 1' }],
  ['Metadata', { Metadata: ['x'] }],
  ['Metadata.a b', { Metadata: { 'a b': 'x' } }],
  ['ChecksumAlgorithm', { ChecksumAlgorithm: 'CRC16' }],
])('%s is refused by its name and the variable', (key, args) => {
  let thrown: unknown;
  try {
    extraHeaders(args);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Failure);
  const { facts } = thrown as Failure;
  expect(facts).toMatchObject({ kind: 'misconfigured', subject: key, settings: ['s3.uploadExtraArgs'] });
  expect(facts.message).toContain(`${key} in MLFLOW_S3_UPLOAD_EXTRA_ARGS`);
});
