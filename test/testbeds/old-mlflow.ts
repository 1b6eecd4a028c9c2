import { join } from 'node:path';
import { bareEnvironment, bedFolder } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun } from './run-command.ts';

const DRIVERS = [
  ...['SQLAlchemy==2.0.36', 'alembic==1.13.3', 'setuptools==75.6.0'],
  ...['psycopg2-binary==2.9.10', 'PyMySQL==1.1.1'],
];

/** Runs Python code with a release of MLflow that came before ours; gives what it printed. */
export async function runOldPython(
  release: string,
  script: string,
  args: readonly string[],
): Promise<string> {
  const dir = await cached('mlflow-skinny', `${release}-sqlalchemy-2.0.36`, async (made) => {
    await mustRun('python3', ['-m', 'venv', made]);
    const pins = [`mlflow-skinny==${release}`, ...DRIVERS];
    await mustRun(join(made, 'bin', 'pip'), ['install', '--quiet', '--no-input', ...pins]);
  });
  const cwd = await bedFolder('old-mlflow');
  const env = bareEnvironment(cwd);
  return (await mustRun(join(dir, 'bin', 'python'), ['-c', script, ...args], { env, cwd })).stdout;
}
