import { DatabaseSync } from '@photostructure/sqlite';
import { Kysely, sql, SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { belongingsOf } from '../../../../src/tracking/sql/collect/belongings.ts';
import { sessionDialect } from '../../../../src/tracking/sql/session-dialect.ts';
import type { Tables } from '../../../../src/tracking/sql/tables.ts';
import { createSqlite, io } from './database.ts';

const EVERY_TABLE = { empty: false, has: () => true };
const compiler = new Kysely<Tables>({
  dialect: sessionDialect(
    { adapter: () => new SqliteAdapter(), compiler: () => new SqliteQueryCompiler() },
    async () => Promise.reject(new Error('not run')),
  ),
});

it.each([
  // MLflow has no index for this one.
  ['run', ['logged_model_metrics']],
  ['model', []],
  ['trace', []],
] as const)('finds what belongs to a %s by an index', async (kind, scanned) => {
  const made = await createSqlite();
  await made.open();
  const database = new DatabaseSync(join(made.cwd, 'mlflow.db'));
  const plans = belongingsOf(kind, EVERY_TABLE).map(({ table, rows }) => {
    const found = sql`explain query plan select 1 from ${sql.table(table)} where ${rows(['a', 'b'])}`;
    const { sql: text, parameters } = found.compile(compiler);
    const steps = database.prepare(text).all(...parameters) as { readonly detail: string }[];
    return { table, steps: steps.map(({ detail }) => detail) };
  });
  database.close();
  const whole = plans.filter(({ steps }) => steps.some((step) => step.startsWith('SCAN')));
  expect(whole.map(({ table }) => table)).toEqual(scanned);
  const ranges = plans.filter(({ steps }) => steps.some((step) => /[<>]\?/.test(step)));
  expect(ranges).toEqual([]);
});

it('erases the inputs and outputs of a run and of a model with their tags, and no other', async () => {
  const made = await createSqlite();
  const store = await made.open();
  const connections = [
    ['dataset', 'DATASET', 'd', 'RUN', 'r'],
    ['input', 'RUN_INPUT', 'r', 'MODEL_INPUT', 'live'],
    ['output', 'RUN_OUTPUT', 'r', 'MODEL_OUTPUT', 'live'],
    ['of the model', 'RUN_OUTPUT', 'other', 'MODEL_OUTPUT', 'm'],
    ['kept', 'RUN_INPUT', 'other', 'MODEL_INPUT', 'live'],
    ['of the same id', 'DATASET', 'r', 'RUN', 'other'],
  ].map((values) => values.map((value) => `'${value}'`));
  const models = ['experiment_id', 'name', 'artifact_location', 'creation_timestamp_ms'];
  await made.tamper(
    `INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, artifact_uri) VALUES ('r', 0, 'deleted', 'here')`,
    `INSERT INTO logged_models (model_id, ${models.join(', ')}, last_updated_timestamp_ms, status, lifecycle_stage)
      VALUES ('m', 0, 'm', 'there', 1, 1, 1, 'deleted')`,
    ...connections.map(
      (values) =>
        `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) VALUES (${values.join(', ')})`,
    ),
    ...connections.map(
      ([id = '']) => `INSERT INTO input_tags (input_uuid, name, value) VALUES (${id}, 'k', 'v')`,
    ),
  );
  const left = async (table: string): Promise<readonly unknown[]> =>
    (await made.rows(`SELECT input_uuid FROM ${table} ORDER BY 1`)).map((row) => row['input_uuid']);
  const erase = async (kind: 'run' | 'model', id: string, uri: string) =>
    store.collect?.erase(kind, [{ kind, id, uri, tags: {} }], io);
  expect(await erase('run', 'r', 'here')).toEqual(new Map([['r', 'erased']]));
  expect(await left('inputs')).toEqual(['kept', 'of the model', 'of the same id']);
  expect(await erase('model', 'm', 'there')).toEqual(new Map([['m', 'erased']]));
  expect(await left('inputs')).toEqual(['kept', 'of the same id']);
  expect(await left('input_tags')).toEqual(['kept', 'of the same id']);
});
