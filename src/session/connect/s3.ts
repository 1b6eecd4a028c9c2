import { STORES } from '../../artifacts/registry.ts';
import { createNet } from '../../net/create-net.ts';
import type { Backend, StoresOptions } from '../backend.ts';
import { awsKeys } from '../aws-keys.ts';
import { s3Net } from '../net-options.ts';
import type { S3Options } from '../../artifacts/stores/s3/backend.ts';
import { Failure } from '../../core/failure.ts';
import type { Config } from '../../config/resolve.ts';

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The same object without the fields that hold nothing. */
function present<T>(fields: Optional<T>): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The settings of S3 as its store takes them. @throws Failure misconfigured for a malformed value */
function s3Options(config: Config): Omit<S3Options, 'net' | 'clock' | 'maxSockets' | 'warn'> {
  const signatureVersion = config.get('s3.signatureVersion');
  if (signatureVersion === 's3') {
    throw new Failure({
      kind: 'unsupported',
      message: 'MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION asks for the retired signature version 2 (s3)',
      hint: 'unset it to sign with version 4 (s3v4); every store that MLflow supports takes it',
      subject: 's3.signatureVersion',
      settings: ['s3.signatureVersion'],
    });
  }
  return {
    addressingStyle: config.get('s3.addressingStyle'),
    signatureVersion,
    ...present({
      ...awsKeys(config),
      endpointUrl: config.get('s3.endpointUrl'),
      region: config.get('s3.region'),
      profile: config.get('s3.profile'),
      uploadExtraArgs: config.get('s3.uploadExtraArgs'),
      expectedBucketOwner: config.get('s3.expectedBucketOwner'),
      checksum: config.get('s3.checksum'),
    }),
  };
}

const SOCKETS = 64;

/** S3 and compatible stores by these settings. @throws Failure misconfigured, unsupported */
export async function connectS3Store({ config, clock, warn }: StoresOptions): Promise<Backend> {
  const connectS3 = await STORES.s3.load();
  const net = createNet(s3Net(config, SOCKETS));
  return connectS3({ ...s3Options(config), maxSockets: SOCKETS, net, clock, warn });
}
