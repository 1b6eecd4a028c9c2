import { cached } from './bed-cache.ts';
import { mlflowPython, runPython } from './mlflow.ts';
import { mustRun } from './run-command.ts';

const DRIVERS = ['psycopg2-binary==2.9.10', 'PyMySQL==1.1.1'];

const MIGRATE = `
import sys, sqlalchemy
from mlflow.store.db.utils import _initialize_tables
_initialize_tables(sqlalchemy.create_engine(sys.argv[1]))
`;

/** Where the stock client's drivers for PostgreSQL and MySQL are, for PYTHONPATH. */
export async function sqlPythonPath(): Promise<string> {
  return cached('mlflow-sql', 'psycopg2-2.9.10-pymysql-1.1.1', async (dir) => {
    const flags = ['--quiet', '--no-input', '--target', dir];
    await mustRun(await mlflowPython(), ['-m', 'pip', 'install', ...flags, ...DRIVERS]);
  });
}

/** Lets stock MLflow make its tables in an empty database of a server. */
export async function migrate(uri: string): Promise<void> {
  const finished = await runPython(MIGRATE, [uri], { PYTHONPATH: await sqlPythonPath() });
  if (finished.code !== 0) throw new Error(`stock MLflow made no tables: ${finished.stderr}`);
}
