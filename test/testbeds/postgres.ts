import { chmod, copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, freePort, startProcess, type Bed } from './bed.ts';
import { debianPackage, folderOf, isRoot } from './debian-package.ts';
import { mustRun, runCommand } from './run-command.ts';
import { makeTls, type TlsFiles } from './tls.ts';

const VERSIONS = '/usr/lib/postgresql';
const ADMIN = 'pg';

/** A running PostgreSQL server. */
export interface Postgres extends Bed {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Holds characters that a URI must escape. */
  readonly password: string;
  /** The directory of its socket. */
  readonly dir: string;
  readonly tls: TlsFiles;
  /** Runs SQL as the administrator; gives the rows, tab-separated. */
  sql(statements: string, database?: string): Promise<string>;
  /** A new empty database that the user owns; gives its name. */
  database(): Promise<string>;
  /** A new database with everything that another one holds, which nobody may use meanwhile; gives its name. */
  copy(database: string): Promise<string>;
  /** `postgresql+psycopg2://…` as SQLAlchemy writes it. */
  uri(database: string, query?: string): string;
}

async function programs(): Promise<string> {
  await debianPackage('postgresql', `${VERSIONS}/*/bin/initdb`, 'postgresql');
  const versions = (await readdir(VERSIONS)).sort((a, b) => Number(a) - Number(b));
  return join(VERSIONS, versions.at(-1) ?? '', 'bin');
}

/** PostgreSQL refuses to run as root. */
function asPostgres(command: readonly string[]): readonly [string, ...string[]] {
  const [file = '', ...args] = command;
  return isRoot()
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', file, ...args]
    : [file, ...args];
}

async function initialise(bin: string, dir: string): Promise<void> {
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, 'administrator\n', { mode: 0o644 });
  const [file, ...args] = asPostgres([
    join(bin, 'initdb'),
    ...['-D', join(dir, 'data'), '-U', ADMIN, `--pwfile=${passwordFile}`],
    ...['-A', 'scram-sha-256', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'],
  ]);
  await mustRun(file, args, { env: bareEnvironment(dir), cwd: dir });
}

/** The server's key must be its user's own. */
async function serverTls(dir: string): Promise<TlsFiles> {
  const tls = await makeTls(dir);
  const key = join(dir, 'postgres.key');
  await copyFile(tls.keyFile, key);
  if (isRoot()) await mustRun('chown', ['postgres:postgres', key]);
  await chmod(key, 0o600);
  return { ...tls, keyFile: key };
}

/** Starts PostgreSQL on a free loopback port, with or without TLS, which clients need not use, and a user without rights. */
export async function startPostgres(options: { readonly tls?: boolean } = {}): Promise<Postgres> {
  const bin = await programs();
  const dir = await folderOf('postgres', 'postgres');
  await initialise(bin, dir);
  const tls = await serverTls(dir);
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${dir}`,
    'fsync=off',
    'max_connections=40',
    ...(options.tls === false
      ? []
      : ['ssl=on', `ssl_cert_file=${tls.certFile}`, `ssl_key_file=${tls.keyFile}`]),
  ];
  const [file, ...args] = asPostgres([
    join(bin, 'postgres'),
    ...['-D', join(dir, 'data'), '-p', String(port)],
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  const started = await startProcess({
    name: 'postgres',
    file,
    args,
    env: bareEnvironment(dir),
    dir,
    ready: async () =>
      (await runCommand(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])).code === 0,
    readyMs: 60_000,
    // Its immediate shutdown: https://www.postgresql.org/docs/current/server-shutdown.html
    endsOn: 'SIGQUIT',
  });
  const login = { user: 'ml flow', password: "p@ss:w/o%r#d?'&=é" };
  const sql = async (statements: string, database = 'postgres') => {
    const place = ['-h', '127.0.0.1', '-p', String(port), '-U', ADMIN, '-d', database];
    const flags = ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1'];
    const env = { ...bareEnvironment(dir), PGPASSWORD: 'administrator' };
    return (await mustRun(join(bin, 'psql'), [...place, ...flags], { env, input: statements })).stdout;
  };
  await sql(`CREATE ROLE "${login.user}" LOGIN PASSWORD '${login.password.replaceAll("'", "''")}'`);
  let databases = 0;
  const create = async (more: string): Promise<string> => {
    const made = `mlflow_${(databases += 1)}`;
    await sql(`CREATE DATABASE ${made} OWNER "${login.user}"${more}`);
    return made;
  };
  return {
    host: '127.0.0.1',
    port,
    ...login,
    dir,
    tls,
    sql,
    database: () => create(''),
    copy: (database) => create(` TEMPLATE ${database}`),
    uri: (database, query = '') =>
      `postgresql+psycopg2://${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@127.0.0.1:${port}/${database}${query}`,
    stop: () => started.stop(),
  };
}
