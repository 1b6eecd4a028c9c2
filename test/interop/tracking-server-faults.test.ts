import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import type { ServerOptions } from '../../src/tracking/sql/servers/options.ts';
import { freePort } from '../testbeds/bed.ts';
import { startMariadb, type Mariadb } from '../testbeds/mariadb.ts';
import { startPostgres, type Postgres } from '../testbeds/postgres.ts';
import { startToxiproxy } from '../testbeds/toxiproxy.ts';
import { failureOf } from '../unit/tracking/sql/database.ts';
import { mlflowDatabase, openOn, SERVERS, type DatabaseServer } from './database-servers.ts';

const io: Io = { signal: new AbortController().signal };
const CWD = '/';
const ONCE: Partial<ServerOptions> = {
  retry: { maxRetries: 0, backoffMs: 0, jitterMs: 0, maxWaitMs: 0, respectRetryAfter: true },
};

const END_ALL: Readonly<Record<string, (database: string) => string>> = {
  PostgreSQL: (database) =>
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
  MariaDB: () => "KILL USER 'ml flow'@'%'",
};

describe.each(SERVERS)('trouble with %s', (name, start) => {
  let server: DatabaseServer;
  let database: string;
  beforeAll(async () => {
    server = await start();
    database = await mlflowDatabase(server);
  });
  afterAll(() => server.stop());
  const uri = (): string => server.uri(database);
  const opening = (of: string, options: Partial<ServerOptions> = ONCE) =>
    failureOf(openOn(of, CWD, { intent: 'read' }, options));

  it('names a wrong password, an unknown database and a port where nothing listens', async () => {
    const wrong = await opening(uri().replace(/:[^:@/]*@/, ':wrong@'));
    expect(wrong.kind).toBe('unauthenticated');
    expect(wrong.message).not.toContain('wrong@');
    const unknown = await opening(server.uri('nowhere'));
    expect(['not-found', 'denied']).toContain(unknown.kind);
    const nobody = await opening(uri().replace(`:${server.port}/`, `:${await freePort()}/`));
    expect(nobody).toMatchObject({ kind: 'unavailable' });
    expect(nobody.message).toContain('nothing listens there');
    const noHost = await opening(uri().replace('127.0.0.1', 'no-such-host.invalid'));
    expect(noHost.message).toContain('its name');
  });

  it('makes no tables, and says who does', async () => {
    const empty = server.uri(await server.database());
    const failure = await failureOf(openOn(empty, CWD, { intent: 'create' }));
    expect(failure.kind).toBe('not-found');
    expect(failure.message).toContain('is an empty database');
    expect(failure.facts.hint).toContain('mlflow db upgrade');
    expect(failure.facts.hint).not.toContain('p%40ss');
  });

  it('reads a revision that it does not know, and does not write to it', async () => {
    const later = await server.copy(database);
    await server.sql("UPDATE alembic_version SET version_num = 'feedfacecafe'", later);
    const reader = await openOn(server.uri(later), CWD, { intent: 'read' });
    expect(await reader.experiments.get('0', io)).toMatchObject({ name: 'Default' });
    const failure = await failureOf(openOn(server.uri(later), CWD, { intent: 'write' }));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('feedfacecafe');
  });

  it('connects again when the server has cut its connections', async () => {
    const store = await openOn(uri(), CWD);
    await store.experiments.get('0', io);
    await server.sql(END_ALL[name]!(database));
    expect(await store.experiments.get('0', io)).toMatchObject({ name: 'Default' });
    await server.sql(END_ALL[name]!(database));
    await store.experiments.setTag('0', 'after', 'all', io);
    expect((await store.experiments.get('0', io)).tags).toMatchObject({ after: 'all' });
  });

  it('gives up a statement when its time is over, and when it is told to', async () => {
    const proxies = await startToxiproxy();
    try {
      const proxy = await proxies.proxy(`127.0.0.1:${server.port}`);
      const through = uri().replace(`:${server.port}/`, `:${proxy.address.slice(10)}/`);
      const store = await openOn(through, CWD, {}, { ...ONCE, timeoutMs: 500 });
      await store.experiments.get('0', io);
      await proxy.add({ type: 'timeout', attributes: { timeout: 0 } });
      const slow = await failureOf(store.experiments.get('0', io));
      expect(slow).toMatchObject({ kind: 'timeout' });
      const patient = openOn(through, CWD);
      const stop = new AbortController();
      const stopped = failureOf(openOn(through, CWD, { io: { signal: stop.signal } }));
      stop.abort();
      expect((await stopped).kind).toBe('cancelled');
      await proxy.heal();
      expect((await patient).label).toContain('***');
    } finally {
      await proxies.stop();
    }
  });

  it('lets the process end when a statement is cancelled', async () => {
    const script = `
      import { openSqlStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/tracking/sql/open.ts'))};
      import { serverOptions } from ${JSON.stringify(join(import.meta.dirname, 'server-options.ts'))};
      import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../src/core/clock.ts'))};
      const stop = new AbortController();
      const store = await openSqlStore({ uri: process.argv[1], intent: 'write', cwd: '/', clock: systemClock, notify: () => undefined, server: () => serverOptions() });
      const io = { signal: stop.signal };
      setTimeout(() => stop.abort(), 300);
      await store.experiments.setTag('0', 'k', 'v', io).catch((thrown) => console.log(thrown.kind));
    `;
    const hold = await holdDefault(name, server, database);
    try {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, uri()], {
        cwd: join(import.meta.dirname, '../..'),
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
      expect(said.trim()).toBe('cancelled');
    } finally {
      await hold.release();
    }
  });
});

/** Another program that holds the row of the experiment Default. */
async function holdDefault(
  name: string,
  server: DatabaseServer,
  database: string,
): Promise<{ release(): Promise<void> }> {
  const isPostgres = name === 'PostgreSQL';
  const sleep = isPostgres ? 'SELECT pg_sleep(600)' : 'SELECT SLEEP(600)';
  const work = server
    .sql(`BEGIN; UPDATE experiments SET last_update_time = 1 WHERE experiment_id = 0; ${sleep};`, database)
    .catch(() => '');
  await new Promise((next) => setTimeout(next, 700));
  return {
    release: async () => {
      const end = isPostgres
        ? "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"
        : "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'";
      const said = await server.sql(end);
      if (!isPostgres) await server.sql(said);
      await work;
    },
  };
}

describe('TLS to PostgreSQL', () => {
  let server: Postgres;
  let plain: Postgres;
  let database: string;
  beforeAll(async () => {
    [server, plain] = [await startPostgres(), await startPostgres({ tls: false })];
    database = await mlflowDatabase(server);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), plain.stop()]);
  });
  const encrypted = async (query: string): Promise<unknown> => {
    const store = await openOn(server.uri(database, query), CWD, { intent: 'read' }, ONCE);
    await store.experiments.get('0', io);
    const sql = `SELECT bool_or(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'mlstow'`;
    const said = (await server.sql(sql)).trim();
    await store.close();
    return said === 't';
  };

  it('is used and checked as the mode says', async () => {
    expect(await encrypted('')).toBe(true);
    expect(await encrypted('?sslmode=disable')).toBe(false);
    expect(await encrypted('?sslmode=require')).toBe(true);
    expect(await encrypted(`?sslmode=verify-full&sslrootcert=${server.tls.caFile}`)).toBe(true);
    const untrusted = await failureOf(openOn(server.uri(database, '?sslmode=verify-ca'), CWD, {}, ONCE));
    expect(untrusted.kind).toBe('misconfigured');
    expect(untrusted.facts.hint).toContain('sslrootcert');
    const none = await failureOf(openOn(plain.uri('x', '?sslmode=require'), CWD, {}, ONCE));
    expect(none.message).toContain('does not speak TLS');
    const fallen = await failureOf(openOn(plain.uri('nowhere'), CWD, {}, ONCE));
    expect(fallen.kind).toBe('not-found');
  });

  it('is not used on a socket, and a missing password is asked for', async () => {
    const login = server.uri(database).replace(/127\.0\.0\.1:\d+/, '');
    const store = await openOn(
      `${login}?host=${server.dir}&port=${server.port}`,
      CWD,
      { intent: 'read' },
      ONCE,
    );
    expect(await store.experiments.get('0', io)).toMatchObject({ name: 'Default' });
    const bare = server.uri(database).replace(/:[^:@/]*@/, '@');
    const failure = await failureOf(openOn(bare, CWD, {}, ONCE));
    expect(failure.kind).toBe('unauthenticated');
    expect(failure.facts.hint).toContain('PGPASSWORD');
    const postgres = { password: server.password };
    expect((await openOn(bare, CWD, {}, { ...ONCE, postgres })).reach).toBe('network');
  });

  it('tells a right that is missing', async () => {
    const poor = await server.copy(database);
    await server.sql('REVOKE ALL ON experiments FROM "ml flow"; ALTER TABLE experiments OWNER TO pg', poor);
    const store = await openOn(server.uri(poor), CWD, { intent: 'read' }, ONCE);
    expect((await failureOf(store.experiments.get('0', io))).kind).toBe('denied');
  });
});

describe('TLS to MariaDB', () => {
  let server: Mariadb;
  let database: string;
  beforeAll(async () => {
    server = await startMariadb();
    database = await mlflowDatabase(server);
  });
  afterAll(() => server.stop());

  it('is used when something of it is set, and checked with an authority', async () => {
    await server.sql("ALTER USER 'ml flow'@'%' REQUIRE SSL");
    const plain = await failureOf(openOn(server.uri(database), CWD, {}, ONCE));
    expect(plain.kind).toBe('unauthenticated');
    const open = (query: string, mysql: ServerOptions['mysql'] = {}) =>
      openOn(server.uri(database, query), CWD, {}, { ...ONCE, mysql });
    expect((await open('?ssl=true')).reach).toBe('network');
    expect((await open('', { caFile: server.tls.caFile })).reach).toBe('network');
    expect((await open(`?ssl_ca=${server.tls.caFile}`)).reach).toBe('network');
    const untrusted = await failureOf(open('?ssl_mode=VERIFY_CA'));
    expect(untrusted.kind).toBe('misconfigured');
    expect(untrusted.facts.hint).toContain('MLFLOW_MYSQL_SSL_CA');
    const missing = await failureOf(open('?ssl_ca=/nowhere/ca.pem'));
    expect(missing.message).toContain('/nowhere/ca.pem');
  });

  it('has a socket', async () => {
    await server.sql("ALTER USER 'ml flow'@'%' REQUIRE NONE");
    const uri = server.uri(database, `?unix_socket=${server.socket}`);
    expect((await openOn(uri, CWD, { intent: 'read' }, ONCE)).reach).toBe('network');
  });

  it('says when another transaction kept a lock for too long', async () => {
    await server.sql('SET GLOBAL innodb_lock_wait_timeout = 1');
    const hold = await holdDefault('MariaDB', server, database);
    const store = await openOn(server.uri(database), CWD, {}, ONCE);
    const failure = await failureOf(store.experiments.setTag('0', 'k', 'v', io));
    expect(failure).toMatchObject({ kind: 'unavailable', retry: 'exhausted' });
    expect(failure.message).toContain('held a lock');
    await hold.release();
  });
});
