import { createHash } from 'node:crypto';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { pythonScripts, type PythonScripts } from './python-scripts.ts';
import { mustRun, type Finished } from './run-command.ts';

const REQUIREMENTS = join(import.meta.dirname, 'mlflow', 'requirements.txt');

/** MLflow looks nothing up and starts no helper processes. */
const QUIET = { MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' };

const MIGRATE = `
import sys, sqlalchemy
from mlflow.store.db.utils import _initialize_tables
_initialize_tables(sqlalchemy.create_engine(sys.argv[1]))
`;

async function pinnedVersion(): Promise<string> {
  const found = /^mlflow==(.+)$/m.exec(await readFile(REQUIREMENTS, 'utf8'));
  if (!found?.[1]) throw new Error(`${REQUIREMENTS} does not pin mlflow`);
  return found[1];
}

/** The folder of a virtual environment with the stock MLflow. Needs `python3` >= 3.11 on the PATH to be made. */
async function environment(): Promise<string> {
  const pins = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 8);
  return cached('mlflow', `${await pinnedVersion()}-${pins}`, async (dir) => {
    await mustRun('python3', ['-m', 'venv', dir]);
    await mustRun(join(dir, 'bin', 'pip'), ['install', '--quiet', '--no-input', '-r', REQUIREMENTS]);
  });
}

/** The Python that has the stock MLflow. */
export async function mlflowPython(): Promise<string> {
  return join(await environment(), 'bin', 'python');
}

/** The stock `mlflow` command. */
export async function mlflowCommand(): Promise<string> {
  return join(await environment(), 'bin', 'mlflow');
}

let scripts: Promise<PythonScripts> | undefined;

/** Runs Python code with the stock MLflow; `env` is added to a bare environment. The exit code is the caller's to judge. */
export async function runPython(
  script: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Finished> {
  const dir = cwd ?? (await bedFolder('python'));
  scripts ??= mlflowPython().then((python) =>
    pythonScripts(python, { ...bareEnvironment(tmpdir()), ...QUIET }),
  );
  const whole = { ...bareEnvironment(dir), ...QUIET, ...env };
  const finished = await (await scripts).run({ script, args, env: whole, cwd: dir });
  if (cwd === undefined) await rm(dir, { recursive: true, force: true });
  return finished;
}

/** Writes a copy of an empty database at the schema of this MLflow to `file`. */
export async function emptyDatabase(file: string): Promise<void> {
  const template = await cached('mlflow-sqlite', await pinnedVersion(), async (dir) => {
    const uri = `sqlite:///${join(dir, 'empty.db')}`;
    const finished = await runPython(MIGRATE, [uri], {}, dir);
    if (finished.code !== 0) throw new Error(finished.stderr);
  });
  await copyFile(join(template, 'empty.db'), file);
}

export interface MlflowServerOptions {
  /** The address that it listens on; 127.0.0.1 unless told. */
  readonly host?: string;
  /** A new, empty SQLite database unless told. */
  readonly backendStoreUri?: string;
  readonly defaultArtifactRoot?: string;
  /** `<dir>/artifacts` unless told or the proxy is off. */
  readonly artifactsDestination?: string;
  /** Whether the server proxies artifacts; true unless told. */
  readonly serveArtifacts?: boolean;
  /** Such as `basic-auth`. */
  readonly appName?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface MlflowServer extends Bed {
  readonly url: string;
  /** The bed's folder: database `mlflow.db`, proxied artifacts in `artifacts`. */
  readonly dir: string;
}

function argumentsOf(options: MlflowServerOptions, dir: string): string[] {
  const serve = options.serveArtifacts ?? true;
  const destination = options.artifactsDestination ?? join(dir, 'artifacts');
  return [
    '--backend-store-uri',
    options.backendStoreUri ?? `sqlite:///${join(dir, 'mlflow.db')}`,
    ...(serve ? ['--serve-artifacts', '--artifacts-destination', destination] : ['--no-serve-artifacts']),
    ...(options.defaultArtifactRoot ? ['--default-artifact-root', options.defaultArtifactRoot] : []),
    ...(options.appName ? ['--app-name', options.appName] : []),
  ];
}

/** A stock MLflow tracking server on a free loopback port. */
export async function startMlflowServer(options: MlflowServerOptions = {}): Promise<MlflowServer> {
  const dir = await bedFolder('mlflow');
  if (options.backendStoreUri === undefined) await emptyDatabase(join(dir, 'mlflow.db'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = ['--host', options.host ?? '127.0.0.1', '--port', String(port), '--workers', '1'];
  const started = await startProcess({
    name: 'mlflow',
    file: await mlflowCommand(),
    args: ['server', ...place, ...argumentsOf(options, dir)],
    env: { ...bareEnvironment(dir), ...QUIET, MLFLOW_FLASK_SERVER_SECRET_KEY: 'test', ...options.env },
    dir,
    ...(options.cwd ? { cwd: options.cwd } : {}),
    ready: () => answers(`${url}/health`),
    readyMs: 180_000,
  });
  return { url, dir, stop: () => started.stop() };
}
