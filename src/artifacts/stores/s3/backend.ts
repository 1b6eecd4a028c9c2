import { createBufferLender } from '../../../core/buffer-lender.ts';
import type { Clock } from '../../../core/clock.ts';
import { Failure } from '../../../core/failure.ts';
import type { Location } from '../../../core/location.ts';
import type { Net } from '../../../net/net.ts';
import { MOST_LENT } from '../../hashed-body.ts';
import type { ArtifactStore } from '../../store.ts';
import { readAwsProfile } from './aws-profile.ts';
import { createBucketClient, type BucketClient } from './client.ts';
import { anonymous, chainKeys, givenKeys, type KeySource } from './credentials.ts';
import { isAmazon, siteOf, type EndpointOptions, type Site } from './endpoint.ts';
import { extraHeaders } from './extra-args.ts';
import { prefixOf } from './root.ts';
import { createS3Store } from './store.ts';

/** What a user can set about S3; names as in the settings `s3.*`. */
export interface S3Options extends EndpointOptions {
  readonly signatureVersion: 's3v4' | 'unsigned';
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly profile?: string;
  /** As MLFLOW_S3_UPLOAD_EXTRA_ARGS holds them. */
  readonly uploadExtraArgs?: Readonly<Record<string, unknown>>;
  readonly expectedBucketOwner?: string;
  /** Unset: `when_supported` at Amazon (CRC32), `when_required` elsewhere (MD5, or the signed SHA-256 of plain HTTP). */
  readonly checksum?: 'when_required' | 'when_supported';
  readonly maxSockets: number;
  readonly net: Net;
  readonly clock: Clock;
  /** Tells what a person should know and that stops nothing. */
  readonly warn?: (message: string) => void;
}

/** Connections and credentials of S3, shared by all its stores. */
export interface S3Backend {
  /**
   * A store at a location; no request is made.
   * @throws Failure misconfigured
   */
  at(location: Location): ArtifactStore;
  /** Closes the connections. */
  close(): Promise<void>;
}

function halfGiven(missing: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set`,
    subject: missing,
    hint: `set ${missing} too`,
    settings: ['s3.accessKeyId', 's3.secretAccessKey'],
  });
}

function keysOf(options: S3Options): KeySource {
  if (options.signatureVersion === 'unsigned') return anonymous();
  const { accessKeyId, secretAccessKey, sessionToken, profile, region, net, clock } = options;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return givenKeys({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
  }
  if (accessKeyId !== undefined) throw halfGiven('AWS_SECRET_ACCESS_KEY');
  if (secretAccessKey !== undefined) throw halfGiven('AWS_ACCESS_KEY_ID');
  return chainKeys({
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
    net,
    clock,
  });
}

function identityOf(options: S3Options): string {
  if (options.signatureVersion === 'unsigned') return 'anonymous';
  return options.accessKeyId ?? `profile ${options.profile ?? 'default'}`;
}

function integrityOf(site: Site, asked: S3Options['checksum']): 'crc32' | 'md5' {
  const supported = asked === undefined ? isAmazon(site) : asked === 'when_supported';
  return supported ? 'crc32' : 'md5';
}

/** What the user set wins; the AWS profile fills in region and endpoint. */
async function withProfile(options: S3Options): Promise<S3Options> {
  if (options.endpointUrl !== undefined && options.region !== undefined) return options;
  return { ...(await readAwsProfile(options.profile)), ...options };
}

/**
 * Opens S3 and what speaks its protocol. The AWS profile may be read; nothing is asked before the first operation of a
 * store.
 * @throws Failure misconfigured: upload arguments that are unknown, half a key
 */
export async function connectS3(given: S3Options): Promise<S3Backend> {
  const options = await withProfile(given);
  const extra = extraHeaders(options.uploadExtraArgs ?? {});
  const keys = keysOf(options);
  const owner = options.expectedBucketOwner;
  const headers = owner === undefined ? {} : { 'x-amz-expected-bucket-owner': owner };
  const { net, clock } = options;
  const warn = options.warn === undefined ? {} : { warn: options.warn };
  const lender = createBufferLender(MOST_LENT);
  const clients = new Map<string, BucketClient>();
  const clientOf = (site: Site): BucketClient => {
    const key = `${site.endpoint?.href ?? 'amazon'} ${site.bucket}`;
    const client = clients.get(key) ?? createBucketClient(site, { net, clock, keys, headers, ...warn });
    clients.set(key, client);
    return client;
  };
  return {
    at: (location) => {
      const site = siteOf(location, options);
      const integrity = integrityOf(site, options.checksum);
      const root = {
        client: clientOf(site),
        label: location.redacted,
        prefix: prefixOf(location),
        extra,
        integrity,
        mayCheckParts: options.checksum !== 'when_required',
        lender,
      };
      const server = `s3 ${site.endpoint?.origin ?? 'amazon'}`;
      const backend = `${server} ${identityOf(options)}`;
      return createS3Store(root, { backend, server }, options.maxSockets);
    },
    close: async () => {
      net.close();
    },
  };
}
