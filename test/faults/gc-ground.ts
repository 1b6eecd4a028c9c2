import { DeleteObjectsCommand, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { DatabaseSync } from '@photostructure/sqlite';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { mlflowDatabase } from '../interop/database-servers.ts';
import { mustRunMlstow, type Place } from '../interop/mlstow-command.ts';
import { bedFolder, type Bed } from '../testbeds/bed.ts';
import { startPostgres } from '../testbeds/postgres.ts';
import { startVersitygw } from '../testbeds/s3.ts';

/** A database and an artifact root that gc works on, and that can be put back as they were. */
export interface GcGround extends Bed {
  readonly place: Place;
  /** URI of the artifact root. */
  readonly root: string;
  /** URI of the database, another one after each reset. */
  uri(): string;
  sql(statements: string): Promise<void>;
  /** The first column of what a query gives. */
  column(select: string): Promise<readonly string[]>;
  /** Paths below the root. */
  files(): Promise<readonly string[]>;
  fill(paths: readonly string[]): Promise<void>;
  remove(paths: readonly string[]): Promise<void>;
  /** Keeps everything as it is now, for `reset`. */
  save(): Promise<void>;
  reset(): Promise<void>;
}

/** SQLite and a folder. */
export async function localGround(): Promise<GcGround> {
  const dir = await bedFolder('gc');
  const [database, root, saved] = [join(dir, 'm.db'), join(dir, 'arts'), join(dir, 'saved')];
  const place: Place = { cwd: dir, env: {} };
  const uri = `sqlite:///${database}`;
  await mustRunMlstow(['experiments', 'create', '-n', 'first', '--tracking-uri', uri], place);
  const open = <T>(work: (opened: InstanceType<typeof DatabaseSync>) => T): T => {
    const opened = new DatabaseSync(database);
    try {
      opened.exec('PRAGMA busy_timeout = 20000');
      return work(opened);
    } finally {
      opened.close();
    }
  };
  return {
    place,
    root,
    uri: () => uri,
    sql: async (statements) => open((opened) => opened.exec(statements)),
    column: async (select) =>
      open((opened) => opened.prepare(select).all() as Record<string, unknown>[]).map((row) =>
        String(Object.values(row)[0]),
      ),
    files: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    },
    fill: async (paths) => {
      for (const path of paths) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), path);
      }
    },
    remove: async (paths) => {
      for (const path of paths) await rm(join(root, path));
    },
    save: async () => {
      await cp(database, join(saved, 'm.db'));
      await cp(root, join(saved, 'arts'), { recursive: true });
    },
    reset: async () => {
      for (const left of [`${database}-wal`, `${database}-shm`, `${database}-journal`, root])
        await rm(left, { recursive: true, force: true });
      await cp(join(saved, 'm.db'), database);
      await cp(join(saved, 'arts'), root, { recursive: true });
    },
    stop: () => rm(dir, { recursive: true, force: true }),
  };
}

/** PostgreSQL and S3. */
export async function servedGround(): Promise<GcGround> {
  const [dir, postgres, s3] = [await bedFolder('gc'), await startPostgres(), await startVersitygw()];
  await s3.createBucket('arts');
  const Bucket = 'arts';
  let database = await mlflowDatabase(postgres);
  let saved = database;
  let paths: readonly string[] = [];
  const files = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3.client }, { Bucket }))
      found.push(...Contents.map(({ Key = '' }) => Key.slice('root/'.length)));
    return found;
  };
  const fill = async (wanted: readonly string[]): Promise<void> => {
    for (let from = 0; from < wanted.length; from += 50)
      await Promise.all(
        wanted
          .slice(from, from + 50)
          .map((path) => s3.client.send(new PutObjectCommand({ Bucket, Key: `root/${path}`, Body: path }))),
      );
  };
  return {
    place: {
      cwd: dir,
      env: {
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_DEFAULT_REGION: s3.region,
        MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
      },
    },
    root: 's3://arts/root',
    uri: () => postgres.uri(database),
    sql: async (statements) => {
      await postgres.sql(statements, database);
    },
    column: async (select) =>
      (await postgres.sql(select, database))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')[0] ?? ''),
    files,
    fill,
    remove: async (unwanted) => {
      const Objects = unwanted.map((path) => ({ Key: `root/${path}` }));
      await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    },
    save: async () => {
      paths = await files();
      saved = database;
      database = await postgres.copy(saved);
    },
    reset: async () => {
      const there = new Set(await files());
      await fill(paths.filter((path) => !there.has(path)));
      database = await postgres.copy(saved);
    },
    stop: async () => {
      await Promise.all([postgres.stop(), s3.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
