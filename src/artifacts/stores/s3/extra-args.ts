import { createHash } from 'node:crypto';
import { Failure } from '../../../core/failure.ts';
import type { Algorithm } from './digest.ts';

/** MLFLOW_S3_UPLOAD_EXTRA_ARGS as headers. */
export interface ExtraHeaders {
  /** Of PutObject and CreateMultipartUpload. */
  readonly create: Readonly<Record<string, string>>;
  /** Of PutObject alone, and of CompleteMultipartUpload. */
  readonly finish: Readonly<Record<string, string>>;
  /** Of UploadPart, HeadObject and GetObject: customer keys, payer, owner. */
  readonly access: Readonly<Record<string, string>>;
  /** The digest that `ChecksumAlgorithm` asks for. */
  readonly checksum?: Algorithm;
}

/** boto3's `ALLOWED_UPLOAD_ARGS` (s3transfer/manager.py) that are one header each. */
const CREATE: Readonly<Record<string, string>> = {
  ACL: 'x-amz-acl',
  CacheControl: 'cache-control',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
  ContentType: 'content-type',
  Expires: 'expires',
  GrantFullControl: 'x-amz-grant-full-control',
  GrantRead: 'x-amz-grant-read',
  GrantReadACP: 'x-amz-grant-read-acp',
  GrantWriteACP: 'x-amz-grant-write-acp',
  ObjectLockLegalHoldStatus: 'x-amz-object-lock-legal-hold',
  ObjectLockMode: 'x-amz-object-lock-mode',
  ObjectLockRetainUntilDate: 'x-amz-object-lock-retain-until-date',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  StorageClass: 'x-amz-storage-class',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  SSEKMSEncryptionContext: 'x-amz-server-side-encryption-context',
  Tagging: 'x-amz-tagging',
  WebsiteRedirectLocation: 'x-amz-website-redirect-location',
};
const ACCESS: Readonly<Record<string, string>> = {
  ExpectedBucketOwner: 'x-amz-expected-bucket-owner',
  RequestPayer: 'x-amz-request-payer',
  SSECustomerAlgorithm: 'x-amz-server-side-encryption-customer-algorithm',
  SSECustomerKeyMD5: 'x-amz-server-side-encryption-customer-key-md5',
};
const FINISH: Readonly<Record<string, string>> = {
  ChecksumCRC32: 'x-amz-checksum-crc32',
  ChecksumCRC32C: 'x-amz-checksum-crc32c',
  ChecksumCRC64NVME: 'x-amz-checksum-crc64nvme',
  ChecksumMD5: 'x-amz-checksum-md5',
  ChecksumSHA1: 'x-amz-checksum-sha1',
  ChecksumSHA256: 'x-amz-checksum-sha256',
  ChecksumSHA512: 'x-amz-checksum-sha512',
  ChecksumXXHASH3: 'x-amz-checksum-xxhash3',
  ChecksumXXHASH64: 'x-amz-checksum-xxhash64',
  ChecksumXXHASH128: 'x-amz-checksum-xxhash128',
  ChecksumType: 'x-amz-checksum-type',
  MpuObjectSize: 'x-amz-mp-object-size',
};

/** The names that `extraHeaders` knows. */
export const UPLOAD_ARGUMENTS: readonly string[] = [
  ...Object.keys(CREATE),
  ...Object.keys(ACCESS),
  ...Object.keys(FINISH),
  'ChecksumAlgorithm',
  'Metadata',
  'SSECustomerKey',
];

const CHECKSUMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

function refused(key: string, reason: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${key} in MLFLOW_S3_UPLOAD_EXTRA_ARGS ${reason}`,
    subject: key,
    hint: "see boto3's S3Transfer.ALLOWED_UPLOAD_ARGS for the names and values",
    settings: ['s3.uploadExtraArgs'],
  });
}

function textOf(key: string, value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') throw refused(key, 'must be a text');

  if (/[^\u0020-\u007e\t]/.test(text)) throw refused(key, 'may hold ASCII characters only');
  return text;
}

function metadata(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('Metadata', 'must be an object of names and texts');
  }
  const headers = Object.entries(value).map(([name, text]) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw refused(`Metadata.${name}`, 'is not a header name');
    return [`x-amz-meta-${name.toLowerCase()}`, textOf(`Metadata.${name}`, text)] as const;
  });
  return Object.fromEntries(headers);
}

/** As botocore's `sse_md5`: a key without its MD5 is encoded and digested; one with it is sent as it is. */
function customerKey(key: string, hasDigest: boolean): Record<string, string> {
  const name = 'x-amz-server-side-encryption-customer-key';
  if (hasDigest) return { [name]: key };
  const bytes = Buffer.from(key, 'utf8');
  return {
    [name]: bytes.toString('base64'),
    [`${name}-md5`]: createHash('md5').update(bytes).digest('base64'),
  };
}

function checksumAlgorithm(value: unknown): Algorithm {
  const name = textOf('ChecksumAlgorithm', value).toLowerCase();
  const found = CHECKSUMS.find((each) => each === name);
  if (found) return found;
  throw refused('ChecksumAlgorithm', `must be one of ${CHECKSUMS.join(', ').toUpperCase()}`);
}

/**
 * Headers for the arguments that MLflow hands to boto3's `upload_file`.
 * @throws Failure misconfigured, naming an argument that boto3 does not know or whose value is not usable
 */
export function extraHeaders(args: Readonly<Record<string, unknown>>): ExtraHeaders {
  const create: Record<string, string> = {};
  const finish: Record<string, string> = {};
  const access: Record<string, string> = {};
  let checksum: Algorithm | undefined;
  const place: readonly [Readonly<Record<string, string>>, Record<string, string>][] = [
    [CREATE, create],
    [FINISH, finish],
    [ACCESS, access],
  ];
  for (const [key, value] of Object.entries(args)) {
    const found = place.find(([names]) => Object.hasOwn(names, key));
    if (found) found[1][found[0][key] ?? ''] = textOf(key, value);
    else if (key === 'Metadata') Object.assign(create, metadata(value));
    else if (key === 'SSECustomerKey') {
      Object.assign(access, customerKey(textOf(key, value), 'SSECustomerKeyMD5' in args));
    } else if (key === 'ChecksumAlgorithm') checksum = checksumAlgorithm(value);
    else throw refused(key, "is not one of boto3's upload arguments");
  }
  return { create, finish, access, ...(checksum === undefined ? {} : { checksum }) };
}
