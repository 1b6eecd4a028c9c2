import { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { mssqlVendor } from '../../../../src/tracking/sql/mssql/mssql-vendor.ts';
import { mysqlVendor } from '../../../../src/tracking/sql/mysql/mysql-vendor.ts';
import { parseDatabaseUri } from '../../../../src/tracking/sql/servers/database-uri.ts';
import type { ServerOptions } from '../../../../src/tracking/sql/servers/options.ts';
import type { Vendor } from '../../../../src/tracking/sql/servers/vendor.ts';
import type { Tables } from '../../../../src/tracking/sql/tables.ts';

const OPTIONS: ServerOptions = {
  clock: systemClock,
  retry: { maxRetries: 0, backoffMs: 0, jitterMs: 0, maxWaitMs: 0, respectRetryAfter: true },
  timeoutMs: 1,
  pool: { keep: 1, most: 1, recycleMs: 1 },
  mysql: {},
  postgres: {},
  osUser: 'tester',
  cwd: '/',
  notify: () => undefined,
};

const compiled = (vendor: Vendor) =>
  new Kysely<Tables>({ dialect: vendor.dialect(() => Promise.reject(new Error('not run'))) })
    .selectFrom('experiments')
    .select(['experiment_id', 'name'])
    .where('name', '=', 'x')
    .where('experiment_id', '>', 7)
    .orderBy('experiment_id')
    .limit(200)
    .compile();

it('pages on SQL Server by FETCH, with named parameters', () => {
  const vendor = mssqlVendor(parseDatabaseUri('mssql+pymssql://u:p@h/d'), OPTIONS);
  expect(compiled(vendor)).toMatchObject({
    sql: 'select "experiment_id", "name" from "experiments" where "name" = @1 and "experiment_id" > @2 order by "experiment_id" offset 0 rows fetch next @3 rows only',
    parameters: ['x', 7, 200],
  });
  expect(vendor.hold).toEqual({ share: '', own: '' });
});

it('writes the limits of MySQL out, which take no parameter', () => {
  const vendor = mysqlVendor(parseDatabaseUri('mysql://u:p@h/d'), OPTIONS);
  expect(compiled(vendor)).toMatchObject({
    sql: 'select `experiment_id`, `name` from `experiments` where `name` = ? and `experiment_id` > ? order by `experiment_id` limit 200',
    parameters: ['x', 7],
  });
});

it.each([
  [18_456, 'unauthenticated'],
  [4060, 'not-found'],
  [229, 'denied'],
  [1205, 'conflict'],
  [2627, 'exists'],
  [1222, 'unavailable'],
  [9002, 'no-space'],
  [1, 'internal'],
])('takes number %i of SQL Server for %s', (number, kind) => {
  const vendor = mssqlVendor(parseDatabaseUri('mssql+pymssql://u:p@h/d'), OPTIONS);
  const thrown = Object.assign(new Error('words of the server'), { number, code: 'EREQUEST' });
  expect(vendor.failure(thrown).kind).toBe(kind);
});
