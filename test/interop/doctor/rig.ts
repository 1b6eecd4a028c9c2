import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { examine, type DoctorPlace, type Environment, type Told } from '../../cli/doctor/doctor-place.ts';
import { mustRunCli } from '../../cli/run-cli.ts';
import { bedFolder, type Bed } from '../../testbeds/bed.ts';
import { emptyDatabase, startMlflowServer, type MlflowServer } from '../../testbeds/mlflow.ts';
import { startMinio, type S3Bed } from '../../testbeds/s3.ts';
import { startToxiproxy, type Proxy } from '../../testbeds/toxiproxy.ts';

/** The name that the server signs URLs for, which nobody else can look up. */
export const INSIDE = 'minio.inside:9000';
export const REGION = 'eu-west-1';
const BUCKET = 'artifacts';

/** One database, served twice: with artifacts behind the server, and past it. */
export interface Rig extends Bed {
  /** Keeps artifacts in S3 for its clients, and lets large files past it. */
  readonly proxying: MlflowServer;
  /** Leaves S3 to its clients. */
  readonly plain: MlflowServer;
  readonly s3: S3Bed;
  /** Between everybody and S3. */
  readonly way: Proxy;
  readonly place: DoctorPlace;
  /** A run whose artifacts are behind the proxying server. */
  readonly run: string;
  /** What a client of S3 has; by the way. */
  readonly keys: Environment;
  /** What a client of the proxying server has. */
  readonly client: Environment;
  mlstow(env: Environment, ...args: readonly string[]): Promise<string>;
  /** A new experiment, by default where the server chooses, and a run in it. */
  newRun(env: Environment, location?: string): Promise<{ readonly experiment: string; readonly run: string }>;
  /** Everything in the buckets that a probe left, finished or not. */
  probes(): Promise<readonly string[]>;
}

/** Without this, uploads in parts go to a host that clients do not know. */
export const THROUGH_THE_SERVER = {
  MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'false',
  MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: 'false',
} as const;

async function probesIn(s3: S3Bed): Promise<readonly string[]> {
  const objects = await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const uploads = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  const keys = [...(objects.Contents ?? []), ...(uploads.Uploads ?? [])].map(({ Key = '' }) => Key);
  return keys.filter((key) => key.includes('.mlstow-'));
}

async function startServers(
  dir: string,
  s3: S3Bed,
  way: Proxy,
  more: Environment,
): Promise<[MlflowServer, MlflowServer]> {
  const database = join(dir, 'mlflow.db');
  await emptyDatabase(database);
  const backendStoreUri = `sqlite:///${database}`;
  const keys = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: REGION,
  };
  // The proxy of the server is S3 itself: it takes requests for any host as its own.
  const inside = { MLFLOW_S3_ENDPOINT_URL: `http://${INSIDE}`, HTTP_PROXY: `http://${way.address}` };
  return Promise.all([
    startMlflowServer({
      backendStoreUri,
      artifactsDestination: `s3://${BUCKET}/behind`,
      env: { ...keys, ...inside, MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true' },
    }),
    startMlflowServer({
      backendStoreUri,
      serveArtifacts: false,
      defaultArtifactRoot: `s3://${BUCKET}/past`,
      env: { ...more, ...keys, MLFLOW_S3_ENDPOINT_URL: `http://${way.address}` },
    }),
  ]);
}

/** `more`: what the plain server is started with besides. */
export async function startRig(more: Environment): Promise<Rig> {
  const dir = await bedFolder('doctor');
  const place = { cwd: join(dir, 'work'), home: join(dir, 'home') };
  await Promise.all([mkdir(place.cwd), mkdir(place.home)]);
  const [s3, toxiproxy] = await Promise.all([startMinio({ region: REGION }), startToxiproxy()]);
  const way = await toxiproxy.proxy(new URL(s3.endpoint).host);
  await s3.createBucket(BUCKET);
  const [proxying, plain] = await startServers(dir, s3, way, more);
  const keys = {
    MLFLOW_S3_ENDPOINT_URL: `http://${way.address}`,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: REGION,
  };
  const mlstow = async (env: Environment, ...args: readonly string[]) =>
    (await mustRunCli([...args, '-q'], { ...place, env })).trim();
  let made = 0;
  const newRun = async (env: Environment, location?: string) => {
    const where = location === undefined ? [] : ['-l', location, '--allow-local'];
    const name = `experiment ${(made += 1)}`;
    const experiment = await mlstow(env, 'experiments', 'create', '-n', name, ...where);
    return { experiment, run: await mlstow(env, 'runs', 'create', '--experiment-id', experiment) };
  };
  const client = { MLFLOW_TRACKING_URI: proxying.url, ...THROUGH_THE_SERVER };
  const { run } = await newRun(client);
  return {
    proxying,
    plain,
    s3,
    way,
    place,
    keys,
    client,
    run,
    mlstow,
    newRun,
    probes: () => probesIn(s3),
    stop: async () => {
      await Promise.all([proxying.stop(), plain.stop()]);
      await Promise.all([toxiproxy.stop(), s3.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const SECRET = /SECRET|PASSWORD|TOKEN|CONNECTION_STRING/;

/** Nothing secret that a client has is in what it says, nor what servers sign. */
export function expectNoSecret(env: Environment, said: string): void {
  const secrets = Object.entries(env).flatMap(([name, value]) =>
    SECRET.test(name) && value !== '' ? [value] : [],
  );
  for (const secret of [...secrets, 'X-Amz-Signature', 'AccountKey']) expect(said).not.toContain(secret);
}

/** What one check says; what it needs runs too. */
export async function ask(
  rig: Rig,
  id: string,
  env: Environment,
  ...args: readonly string[]
): Promise<readonly Told[]> {
  const { items, stdout, stderr } = await examine(rig.place, env, ['--only', id, ...args]);
  expectNoSecret(env, stdout + stderr);
  return items.filter(({ check }) => check === id);
}

/** The worst thing that one check says. */
export async function worstOf(
  rig: Rig,
  id: string,
  env: Environment,
  ...args: readonly string[]
): Promise<Told> {
  const told = await ask(rig, id, env, ...args);
  const [first] = ['fail', 'warn', 'ok', 'skip'].flatMap((level) =>
    told.filter((each) => each.level === level),
  );
  if (!first) throw new Error(`${id} says nothing`);
  return first;
}
