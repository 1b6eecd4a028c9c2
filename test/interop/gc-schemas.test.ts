import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bareEnvironment, bedFolder } from '../testbeds/bed.ts';
import { startMariadb } from '../testbeds/mariadb.ts';
import { mlflowCommand, runPython } from '../testbeds/mlflow.ts';
import { runOldPython } from '../testbeds/old-mlflow.ts';
import { startPostgres } from '../testbeds/postgres.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { sqlPythonPath } from '../testbeds/sql-python.ts';
import { mlflowDatabase, type DatabaseServer } from './database-servers.ts';
import { DUMP, MAKE, READ, STOCK_GC } from './gc-schemas-scripts.ts';
import { runMlstow } from './mlstow-command.ts';

const NOW = '3.17.2';
const ALL = [
  ['2.9.2', '2.22.0', NOW],
  ['SQLite', 'PostgreSQL', 'MariaDB'],
] as const;
/** Outside of the soak every release and every database once or twice. */
const SOME: readonly (readonly [string, string])[] = [
  ['2.9.2', 'SQLite'],
  ['2.9.2', 'PostgreSQL'],
  ['2.22.0', 'MariaDB'],
  [NOW, 'PostgreSQL'],
];
const CASES =
  process.env['MLSTOW_SOAK'] === undefined
    ? SOME
    : ALL[0].flatMap((release) => ALL[1].map((kind) => [release, kind] as const));

type Rows = Readonly<Record<string, readonly string[]>>;
type Made = Readonly<
  Record<
    'live' | 'deleted' | 'empty' | 'needed' | 'inside' | 'restored' | 'beside' | 'liveIn' | 'keptIn',
    string
  >
>;

let servers: Readonly<Record<string, DatabaseServer>>;
beforeAll(async () => {
  for (const release of ALL[0]) if (release !== NOW) await runOldPython(release, '', []);
  servers = { PostgreSQL: await startPostgres(), MariaDB: await startMariadb() };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

/** Runs a script with a release of MLflow; gives the JSON that it prints last. */
async function python(
  release: string,
  script: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  if (release !== NOW) return runOldPython(release, script, args);
  const { code, stdout, stderr } = await runPython(script, args, { PYTHONPATH: await sqlPythonPath() }, cwd);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function ask<T>(release: string, script: string, args: readonly string[], cwd: string): Promise<T> {
  const stdout = await python(release, script, args, cwd);
  return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1)) as T;
}

/** An empty database of a kind, and how it is copied. */
async function databaseOf(kind: string, release: string, cwd: string) {
  const server = servers[kind];
  if (!server) {
    const file = (name: string): string => join(cwd, `${name}.db`);
    const copy = async (): Promise<string> => {
      await cp(file('one'), file('two'));
      return `sqlite:///${file('two')}`;
    };
    return { uri: `sqlite:///${file('one')}`, copy };
  }
  const name = release === NOW ? await mlflowDatabase(server) : await server.database();
  return { uri: server.uri(name), copy: async () => server.uri(await server.copy(name)) };
}

async function filesIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What is in one and not in the other, by table. */
function beyond(rows: Rows, others: Rows): Rows {
  const found = Object.entries(rows).map(([table, all]) => {
    const known = new Set(others[table]);
    return [table, all.filter((row) => !known.has(row))] as const;
  });
  return Object.fromEntries(found.filter(([, more]) => more.length > 0));
}

describe.each(CASES)('the schema of MLflow %s on %s', (release, kind) => {
  it('leaves what stock gc leaves, but for its defects', async () => {
    const cwd = await bedFolder('gc-schemas');
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    const [arts, saved] = [join(cwd, 'arts'), join(cwd, 'saved')];
    const { uri, copy } = await databaseOf(kind, release, cwd);
    const made = await ask<Made>(release, MAKE, [uri, arts], cwd);
    const theirs = await copy();
    await cp(arts, saved, { recursive: true });
    await python(release, STOCK_GC, [theirs], cwd);
    const stockFiles = await filesIn(arts);
    await rm(arts, { recursive: true });
    await cp(saved, arts, { recursive: true });
    const where = { cwd, env: {} };
    const ours = await runMlstow(['gc', '--backend-store-uri', uri, '--all-deleted', '--yes'], where);
    expect([ours.stderr, ours.code]).toEqual(['', 0]);
    const [ourRows, stockRows] = await ask<[Rows, Rows]>(release, DUMP, [uri, theirs], cwd);

    // Stock gc leaves the inputs of the runs that it deletes; those of the restored one go with its row (see below).
    const left = beyond(stockRows, ourRows);
    expect(Object.keys(left).sort()).toEqual(['input_tags', 'inputs']);
    const gone = [made.deleted, made.empty, made.inside, made.beside];
    expect(left['inputs']?.length).toBeGreaterThanOrEqual(2);
    for (const row of left['inputs'] ?? []) expect(gone.some((id) => row.includes(id))).toBe(true);

    // It takes the rows of an active run in a deleted experiment, and of one that a model version was made from.
    const kept = beyond(ourRows, stockRows);
    const { experiments = [], datasets = [], ...others } = kept;
    expect(experiments).toHaveLength(1);
    expect(experiments[0]).toContain(`${arts}/3`);
    expect(datasets).toHaveLength(release === '2.9.2' ? 0 : 1);
    for (const [table, rows] of Object.entries(others))
      for (const row of rows)
        expect([table, row, [made.restored, made.needed].some((id) => row.includes(id))]).toEqual([
          table,
          row,
          true,
        ]);
    expect(others['runs']).toHaveLength(2);

    // Of the first it leaves the files, of the second it takes them.
    const ourFiles = await filesIn(arts);
    expect(stockFiles.filter((file) => !ourFiles.includes(file))).toEqual([]);
    const more = ourFiles.filter((file) => !stockFiles.includes(file));
    expect(more).toHaveLength(2);
    for (const file of more) expect(file).toContain(made.needed);

    const read = await ask<{ runs: string[]; restored: string[]; metrics: number[] }>(
      release,
      READ,
      [uri],
      cwd,
    );
    expect(read.runs).toEqual([made.live, made.needed, made.restored].sort());
    expect(read.restored).toEqual([made.needed]);
    expect(read.metrics).toEqual([1.5, 1.5, 1.5]);
    if (kind === 'PostgreSQL') await upgrade(uri, cwd, release, made);
  }, 300_000);
});

/** Stock MLflow brings what is left up to date, which is nothing to do where it is, and reads it. */
async function upgrade(uri: string, cwd: string, release: string, made: Made): Promise<void> {
  const env = {
    ...bareEnvironment(cwd),
    PYTHONPATH: await sqlPythonPath(),
    MLFLOW_DISABLE_TELEMETRY: 'true',
  };
  const dump = async (): Promise<Rows> => (await ask<[Rows]>(NOW, DUMP, [uri], cwd))[0];
  const before = await dump();
  await mustRun(await mlflowCommand(), ['db', 'upgrade', uri], { cwd, env });
  if (release === NOW) expect(await dump()).toEqual(before);
  const read = await ask<{ runs: string[] }>(NOW, READ, [uri], cwd);
  expect(read.runs).toEqual([made.live, made.needed, made.restored].sort());
}
