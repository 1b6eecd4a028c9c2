import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, freePort, startProcess, type Bed } from './bed.ts';
import { debianPackage, folderOf, isRoot } from './debian-package.ts';
import { mustRun, runCommand } from './run-command.ts';
import { makeTls, type TlsFiles } from './tls.ts';

const ADMIN = ['--no-defaults', '--user=root', '--protocol=socket'];
const SERVER = '/usr/sbin/mariadbd';

/** A running MariaDB server. */
export interface Mariadb extends Bed {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Holds characters that a URI must escape. */
  readonly password: string;
  readonly socket: string;
  readonly tls: TlsFiles;
  /** Runs SQL as the administrator; gives the rows, tab-separated, without headings. */
  sql(statements: string, database?: string): Promise<string>;
  /** A new empty database that the user owns; gives its name. */
  database(): Promise<string>;
  /** A new database with everything that another one holds; gives its name. */
  copy(database: string): Promise<string>;
  /** `mysql+pymysql://…` as SQLAlchemy writes it. */
  uri(database: string, query?: string): string;
}

async function initialise(dir: string, user: readonly string[]): Promise<void> {
  await mustRun('mariadb-install-db', [
    '--no-defaults',
    ...user,
    `--datadir=${join(dir, 'data')}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
}

/** Starts MariaDB on a free loopback port, with TLS that clients need not use and a user without other rights. */
export async function startMariadb(): Promise<Mariadb> {
  await debianPackage('mariadb-server', SERVER, 'mariadb');
  const dir = await folderOf('mariadb', 'mysql');
  const tls = await makeTls(dir);
  await chmod(tls.keyFile, 0o644);
  const user = isRoot() ? ['--user=mysql'] : [];
  await initialise(dir, user);
  const port = await freePort();
  const socket = join(dir, 'db.sock');
  const started = await startProcess({
    name: 'mariadb',
    file: SERVER,
    args: [
      '--no-defaults',
      ...user,
      `--datadir=${join(dir, 'data')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${socket}`,
      `--pid-file=${join(dir, 'pid')}`,
      '--skip-log-bin',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-buffer-pool-size=64M',
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=0',
      '--debug-no-sync',
      `--ssl-ca=${tls.caFile}`,
      `--ssl-cert=${tls.certFile}`,
      `--ssl-key=${tls.keyFile}`,
    ],
    env: bareEnvironment(dir),
    dir,
    ready: async () =>
      (await runCommand('mariadb-admin', [...ADMIN, `--socket=${socket}`, 'ping'])).code === 0,
    readyMs: 60_000,
  });
  const name = { user: 'ml flow', password: "p@ss:w/o%r#d?'&=" };
  const sql = async (statements: string, database = 'mysql') =>
    (
      await mustRun('mariadb', [...ADMIN, `--socket=${socket}`, '--batch', '--skip-column-names', database], {
        input: statements,
      })
    ).stdout;
  const quoted = name.password.replaceAll("'", "''");
  // The anonymous users of localhost would come before ours.
  await sql(
    `DELETE FROM mysql.global_priv WHERE User = ''; FLUSH PRIVILEGES; CREATE USER '${name.user}'@'%' IDENTIFIED BY '${quoted}';`,
  );
  let databases = 0;
  const create = async (): Promise<string> => {
    const made = `mlflow_${(databases += 1)}`;
    await sql(`CREATE DATABASE ${made} CHARACTER SET utf8mb4; GRANT ALL ON ${made}.* TO '${name.user}'@'%';`);
    return made;
  };
  return {
    host: '127.0.0.1',
    port,
    ...name,
    socket,
    tls,
    sql,
    database: create,
    copy: async (database) => {
      const made = await create();
      const dump = await mustRun('mariadb-dump', [
        ...ADMIN,
        `--socket=${socket}`,
        '--skip-comments',
        database,
      ]);
      await sql(dump.stdout, made);
      return made;
    },
    uri: (database, query = '') =>
      `mysql+pymysql://${encodeURIComponent(name.user)}:${encodeURIComponent(name.password)}@127.0.0.1:${port}/${database}${query}`,
    stop: () => started.stop(),
  };
}
