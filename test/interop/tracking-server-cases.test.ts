import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { collect, type TestDatabase } from '../unit/tracking/sql/database.ts';
import { experimentCases } from '../unit/tracking/sql/experiment-cases.ts';
import { runCases } from '../unit/tracking/sql/run-cases.ts';
import { mlflowDatabase, openOn, SERVERS, type DatabaseServer } from './database-servers.ts';

const io: Io = { signal: new AbortController().signal };

/** Rows of one column, from what the server's own client prints. */
function rowsOf(sql: string, printed: string): Record<string, unknown>[] {
  const column = /^SELECT (\w+) /.exec(sql)?.[1] ?? '';
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ [column]: line }));
}

async function copyOf(server: DatabaseServer, template: string): Promise<TestDatabase> {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-servers-')));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const name = await server.copy(template);
  await server.sql(`UPDATE experiments SET artifact_location = '${join(cwd, 'mlruns/0')}'`, name);
  return {
    cwd,
    open: async (options) => {
      const notes: string[] = [];
      const notify = (message: string): number => notes.push(message);
      return { ...(await openOn(server.uri(name), cwd, { notify, ...options })), notes };
    },
    tamper: async (...statements) => {
      await server.sql(statements.join(';\n'), name);
    },
    rows: async (sql) => rowsOf(sql, await server.sql(sql, name)),
  };
}

describe.each(SERVERS)('on %s', (_name, start) => {
  let server: DatabaseServer;
  let template: string;
  beforeAll(async () => {
    server = await start();
    template = await mlflowDatabase(server);
  });
  afterAll(() => server.stop());
  const create = (): Promise<TestDatabase> => copyOf(server, template);

  experimentCases('experiments', create);
  runCases('runs', create);

  it('keeps the transactions of concurrent callers apart', async () => {
    const database = await create();
    const store = await database.open();
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        store.experiments.create({ name: `e${i % 10}`, tags: { i: `${i}` } }, io),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Failure] : [],
    );
    expect(new Set(failures.map((failure) => failure.kind))).toEqual(new Set(['exists']));
    expect(failures.every((failure) => failure.facts.hint?.includes('--if-not-exists'))).toBe(true);
    expect(await collect(store.experiments.search({ view: 'all' }, io))).toHaveLength(11);
  });

  it('lets many set the same tag of a run, and none is lost or doubled', async () => {
    const database = await create();
    const [one, other] = [await database.open(), await database.open()];
    const { runId } = await one.runs.create({ experimentId: '0', userId: 'u', startTime: 1, tags: {} }, io);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? one : other).runs.setTag(runId, `k${i % 4}`, `${i}`, io)),
    );
    const { tags } = await one.runs.get(runId, io);
    expect(Object.keys(tags).filter((key) => key.startsWith('k'))).toHaveLength(4);
  });
});
