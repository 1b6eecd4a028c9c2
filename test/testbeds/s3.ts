import { cp, mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { answers, bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { goInstall } from './go-install.ts';
import { mustRun } from './run-command.ts';
import type { Statement } from './s3-role.ts';
import { makeTls, type TlsFiles } from './tls.ts';

// The client warns of its future on stderr otherwise; it reads this when the first one is made.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const VERSITYGW = '1.8.0';
const MINIO = 'v0.0.0-20260212201848-7aac2a2c5b7c';

export interface S3Bed extends Bed {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The authority that signed the server's certificate; absent over plain http. */
  readonly caFile?: string;
  /** The vendor's own client, as the oracle of tests. */
  readonly client: S3Client;
  createBucket(name: string): Promise<void>;
  /** A bucket that keeps every version; versitygw needs `versioning` for it. */
  createVersionedBucket(name: string): Promise<void>;
  /** A policy of the bucket; `principal` is a user of versitygw, or `*`. */
  setPolicy(bucket: string, principal: string, statements: readonly Statement[]): Promise<void>;
}

export interface UserKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3BedOptions {
  readonly tls?: boolean;
  /** versitygw only: the folder that it serves, which outlives it, and its port, so that it can be started again. */
  readonly serves?: { readonly data: string; readonly port: number };
  /** versitygw only: a command that runs the program, such as one that mounts a disk for it first. */
  readonly runBy?: readonly string[];
  /** versitygw only: keeps versions, which MinIO can always. */
  readonly versioning?: boolean;
  /** versitygw only: a user without rights of its own besides the root user. */
  readonly user?: UserKeys;
  /** MinIO only: the region it insists on. */
  readonly region?: string;
  /** MinIO only: who issues tokens that it takes for a role. */
  readonly openId?: {
    readonly configUrl: string;
    readonly clientId: string;
    /** Whether a server has read its configuration. */
    knownAt(endpoint: string): Promise<boolean>;
  };
  /** MinIO only: the domain that turns on virtual-host addressing. */
  readonly domain?: string;
}

const KEYS = { accessKeyId: 'testkey', secretAccessKey: 'testsecret123' } as const;

async function answersTls(url: string, caFile: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const ask = request(url, { ca: readFileSync(caFile), timeout: 2_000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    ask.on('error', reject);
    ask.end();
  });
}

function describe(endpoint: string, region: string, tls: TlsFiles | undefined, process: Bed): S3Bed {
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: KEYS,
    ...(tls ? { requestHandler: { httpsAgent: { ca: readFileSync(tls.caFile) } } } : {}),
  });
  const createBucket = async (name: string): Promise<void> => {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  };
  return {
    endpoint,
    region,
    ...KEYS,
    ...(tls ? { caFile: tls.caFile } : {}),
    client,
    createBucket,
    createVersionedBucket: async (name) => {
      await createBucket(name);
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    },
    setPolicy: async (bucket, principal, statements) => {
      const Statement = statements.map((each) => ({ ...each, Principal: { AWS: [principal] } }));
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    },
    stop: async () => {
      client.destroy();
      await process.stop();
    },
  };
}

/** The folder that versitygw is to serve; those that it needs besides are made in `dir`. */
async function servedBy({ serves, versioning, user }: S3BedOptions, dir: string): Promise<string> {
  const data = serves?.data ?? join(dir, 'data');
  await mkdir(data, { recursive: true });
  if (versioning) await mkdir(join(dir, 'versions'));
  if (user) await mkdir(join(dir, 'users'));
  return data;
}

/** versitygw over a POSIX folder: strict about signatures; it accepts encryption headers without acting on them. */
export async function startVersitygw(options: S3BedOptions = {}): Promise<S3Bed> {
  const install = await cached('versitygw', VERSITYGW, (dir) =>
    goInstall(`github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW}`, dir),
  );
  const dir = await bedFolder('versitygw');
  const data = await servedBy(options, dir);
  const program = join(install, 'versitygw');
  const root = { ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey };
  const tls = options.tls ? await makeTls(dir) : undefined;
  const address = `127.0.0.1:${options.serves?.port ?? (await freePort())}`;
  const endpoint = `${tls ? 'https' : 'http'}://${address}`;
  const health = `${endpoint}/health`;
  const [file, ...runArgs] = [...(options.runBy ?? []), program];
  const started = await startProcess({
    name: 'versitygw',
    file,
    args: [
      ...runArgs,
      ...['--port', address, '--health', '/health', '--quiet'],
      ...(tls ? ['--cert', tls.certFile, '--key', tls.keyFile] : []),
      ...(options.user ? ['--iam-dir', join(dir, 'users')] : []),
      'posix',
      ...(options.versioning ? ['--versioning-dir', join(dir, 'versions')] : []),
      data,
    ],
    env: { ...bareEnvironment(dir), ...root },
    dir,
    ready: () => (tls ? answersTls(health, tls.caFile) : answers(health)),
    readyMs: 20_000,
  });
  if (options.user) {
    const { accessKeyId, secretAccessKey } = options.user;
    const admin = [
      '--access',
      KEYS.accessKeyId,
      '--secret',
      KEYS.secretAccessKey,
      '--endpoint-url',
      endpoint,
    ];
    const user = ['--access', accessKeyId, '--secret', secretAccessKey, '--role', 'user'];
    await mustRun(program, ['admin', ...admin, 'create-user', ...user]);
  }
  return describe(endpoint, 'us-east-1', tls, started);
}

async function certificates(dir: string): Promise<TlsFiles> {
  const certs = join(dir, 'certs');
  await mkdir(certs);
  const tls = await makeTls(dir);
  await cp(tls.certFile, join(certs, 'public.crt'));
  await cp(tls.keyFile, join(certs, 'private.key'));
  return tls;
}

/** MinIO: the strict reference, with a key service whose one key is `my-key`. */
export async function startMinio(options: S3BedOptions = {}): Promise<S3Bed> {
  const install = await cached('minio', /\d{14}/.exec(MINIO)?.[0] ?? MINIO, (dir) =>
    goInstall(`github.com/minio/minio@${MINIO}`, dir),
  );
  const dir = await bedFolder('minio');
  const tls = options.tls ? await certificates(dir) : undefined;
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = `${tls ? 'https' : 'http'}://${address}`;
  const health = `${endpoint}/minio/health/ready`;
  const started = await startProcess({
    name: 'minio',
    file: join(install, 'minio'),
    args: [
      ...['server', '--address', address],
      ...(tls ? ['--certs-dir', join(dir, 'certs')] : []),
      join(dir, 'data'),
    ],
    env: {
      ...bareEnvironment(dir),
      MINIO_ROOT_USER: KEYS.accessKeyId,
      MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
      MINIO_KMS_SECRET_KEY: `my-key:${randomBytes(32).toString('base64')}`,
      MINIO_BROWSER: 'off',
      MINIO_CI_CD: '1',
      ...(options.region ? { MINIO_SITE_REGION: options.region } : {}),
      ...(options.openId
        ? {
            MINIO_IDENTITY_OPENID_CONFIG_URL: options.openId.configUrl,
            MINIO_IDENTITY_OPENID_CLIENT_ID: options.openId.clientId,
            MINIO_IDENTITY_OPENID_ROLE_POLICY: 'readwrite',
          }
        : {}),
      ...(options.domain ? { MINIO_DOMAIN: options.domain } : {}),
    },
    dir,
    ready: async () =>
      (await (tls ? answersTls(health, tls.caFile) : answers(health))) &&
      (options.openId === undefined || options.openId.knownAt(endpoint)),
    readyMs: 60_000,
  });
  return describe(endpoint, options.region ?? 'us-east-1', tls, started);
}
