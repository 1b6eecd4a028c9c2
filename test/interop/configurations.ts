import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bedFolder, type Bed } from '../testbeds/bed.ts';
import { startMlflowServer } from '../testbeds/mlflow.ts';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';

/** One way to keep records and artifacts, used by mlstow and by stock MLflow at the same time. */
export interface Configuration extends Bed {
  /** Where both run. */
  readonly dir: string;
  /** The environment of both. */
  readonly env: Readonly<Record<string, string>>;
}

/** What holds the artifacts of a configuration. Only a local one has folders of their own, and no network. */
export type ArtifactsIn = 'local' | 'proxy' | 's3';

export interface ConfigurationKind {
  readonly name: string;
  readonly artifactsIn: ArtifactsIn;
  readonly start: () => Promise<Configuration>;
}

/** What mlstow and the stock client both need to reach an S3 bed. */
export function s3Environment(s3: S3Bed): Readonly<Record<string, string>> {
  return {
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
  };
}

/** A folder to work in, and what is removed with it. */
async function workIn(
  name: string,
  beds: readonly Bed[],
  env: (dir: string) => Readonly<Record<string, string>>,
): Promise<Configuration> {
  const dir = await bedFolder(name);
  return {
    dir,
    env: env(dir),
    stop: async () => {
      for (const bed of beds) await bed.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startSqlite(): Promise<Configuration> {
  return workIn('sqlite', [], (dir) => ({
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
  }));
}

async function startFileStore(): Promise<Configuration> {
  return workIn('file-store', [], (dir) => ({
    MLFLOW_TRACKING_URI: `file://${join(dir, 'mlruns')}`,
    MLFLOW_ALLOW_FILE_STORE: 'true',
  }));
}

async function startProxied(): Promise<Configuration> {
  const server = await startMlflowServer();
  return workIn('proxied', [server], () => ({
    MLFLOW_TRACKING_URI: server.url,
  }));
}

async function startOnS3(): Promise<Configuration> {
  const s3 = await startMinio();
  await s3.createBucket('artifacts');
  const env = s3Environment(s3);
  const server = await startMlflowServer({
    serveArtifacts: false,
    defaultArtifactRoot: 's3://artifacts/some/root',
    env,
  });
  return workIn('on-s3', [server, s3], () => ({
    MLFLOW_TRACKING_URI: server.url,
    ...env,
  }));
}

/** The configurations that everything works in. */
export const CONFIGURATIONS: readonly ConfigurationKind[] = [
  { name: 'SQLite', artifactsIn: 'local', start: startSqlite },
  { name: 'the file store', artifactsIn: 'local', start: startFileStore },
  { name: 'a server that proxies artifacts', artifactsIn: 'proxy', start: startProxied },
  { name: 'a server with artifacts on S3', artifactsIn: 's3', start: startOnS3 },
];

/** A new folder below a configuration's own. */
export async function folderIn({ dir }: Pick<Configuration, 'dir'>, name: string): Promise<string> {
  const folder = join(dir, name);
  await mkdir(folder, { recursive: true });
  return folder;
}
