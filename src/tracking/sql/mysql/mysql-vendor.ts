import { MysqlAdapter, MysqlQueryCompiler, ValueNode, type LimitNode } from 'kysely';
import type { DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';
import type { Vendor } from '../servers/vendor.ts';
import { sessionDialect } from '../session-dialect.ts';
import { connectMysql } from './mysql-connection.ts';
import { mysqlFailure } from './mysql-failures.ts';
import { mysqlTarget } from './mysql-target.ts';

/** The driver sends every number as a double, which MySQL takes for no LIMIT: ours are written out. */
class LiteralLimits extends MysqlQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    if (ValueNode.is(node.limit) && Number.isSafeInteger(node.limit.value)) {
      this.append(`limit ${String(node.limit.value)}`);
    } else super.visitLimit(node);
  }
}

const CATALOG = `SELECT table_name AS table_name, column_name AS column_name
  FROM information_schema.columns WHERE table_schema = DATABASE()`;

/** MySQL 5.7 and later, MariaDB 10.3 and later. @throws Failure misconfigured */
export function mysqlVendor(uri: DatabaseUri, options: ServerOptions): Vendor {
  const target = mysqlTarget(uri, options);
  return {
    connect: (signal) => connectMysql(target, options.caFile, signal),
    dialect: (run) =>
      sessionDialect({ adapter: () => new MysqlAdapter(), compiler: () => new LiteralLimits() }, run),
    beginRead: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY'],
    // Above it, InnoDB locks the gaps between keys, and writers who never meet get into deadlocks.
    beginWrite: ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION READ WRITE'],
    commit: 'COMMIT',
    rollback: 'ROLLBACK',
    catalog: CATALOG,
    hold: { share: 'LOCK IN SHARE MODE', own: 'FOR UPDATE' },
    deleteSome: 'limit',
    clock: 'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS now',
    // Names are of the whole server: the database tells whose it is.
    lock: (name) => `SELECT GET_LOCK(MD5(CONCAT(DATABASE(), '.${name}')), 0) AS taken`,
    failure: (thrown) => mysqlFailure(thrown, target),
  };
}
