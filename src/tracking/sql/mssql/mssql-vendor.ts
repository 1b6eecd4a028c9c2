import { MssqlAdapter, MssqlQueryCompiler, type LimitNode } from 'kysely';
import type { DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';
import type { Vendor } from '../servers/vendor.ts';
import { sessionDialect } from '../session-dialect.ts';
import { connectMssql } from './mssql-connection.ts';
import { mssqlFailure } from './mssql-failures.ts';
import { mssqlTarget } from './mssql-target.ts';

/** There is no LIMIT; every select of ours that has one is ordered, which is what FETCH asks for. */
class FetchedLimits extends MssqlQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    this.append('offset 0 rows fetch next ');
    this.visitNode(node.limit);
    this.append(' rows only');
  }
}

const CATALOG = `SELECT o.name AS table_name, c.name AS column_name
  FROM sys.objects o JOIN sys.columns c ON c.object_id = o.object_id
  WHERE o.type IN ('U', 'V') AND o.schema_id = SCHEMA_ID()`;

/** SQL Server 2016 and later, Azure SQL. @throws Failure misconfigured, unsupported */
export function mssqlVendor(uri: DatabaseUri, options: ServerOptions): Vendor {
  const target = mssqlTarget(uri, options);
  return {
    connect: (signal) => connectMssql(target, options.caFile, signal),
    dialect: (run) =>
      sessionDialect({ adapter: () => new MssqlAdapter(), compiler: () => new FetchedLimits() }, run),
    // A snapshot must be allowed by the database, and stronger levels stop writers: pages may be of different moments.
    beginRead: ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION'],
    // What is read stays as it is: there is no clause to hold a row.
    beginWrite: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET XACT_ABORT ON; BEGIN TRANSACTION'],
    commit: 'COMMIT TRANSACTION',
    rollback: 'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION',
    catalog: CATALOG,
    hold: { share: '', own: '' },
    deleteSome: 'top',
    clock: "SELECT DATEDIFF_BIG(ms, '1970-01-01', SYSUTCDATETIME()) AS now",
    lock: (name) =>
      `DECLARE @taken int; EXEC @taken = sp_getapplock @Resource = '${name}', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT CASE WHEN @taken >= 0 THEN 1 ELSE 0 END AS taken`,
    failure: (thrown) => mssqlFailure(thrown, target),
  };
}
