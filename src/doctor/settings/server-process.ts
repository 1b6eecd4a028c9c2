import { readdir, readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What the flags of an MLflow server on this machine say. */
export interface ServerProcess {
  readonly pid: string;
  /** Its working directory, which relative paths count from; absent when it may not be read. */
  readonly cwd?: string;
  readonly defaultArtifactRoot?: string;
  readonly artifactsDestination?: string;
  readonly servesArtifacts: boolean;
  /** The address that it listens on, where it was told one. */
  readonly host?: string;
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i;

function valueOf(args: readonly string[], flag: string): string | undefined {
  const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  return args[at]?.startsWith(`${flag}=`) ? args[at].slice(flag.length + 1) : args[at + 1];
}

function portOf(args: readonly string[], env: ReadonlyMap<string, string>): string {
  return valueOf(args, '--port') ?? valueOf(args, '-p') ?? env.get('MLFLOW_PORT') ?? '5000';
}

/** The words of a `/proc` file; none for a process that is gone or somebody else's. */
async function words(pid: string, file: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  return text.split('\0').filter((word) => word !== '');
}

async function environmentOf(pid: string): Promise<ReadonlyMap<string, string>> {
  const pairs = (await words(pid, 'environ')).map((word): [string, string] => {
    const equals = word.indexOf('=');
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  return new Map(pairs.filter(([name]) => name.startsWith('MLFLOW_')));
}

function isServer(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => /(?:^|\/)mlflow$/.test(arg));
  return at >= 0 && (args[at + 1] === 'server' || args[at + 1] === 'ui');
}

async function readProcess(pid: string, port: string): Promise<ServerProcess | undefined> {
  const args = await words(pid, 'cmdline');
  if (!isServer(args)) return undefined;
  const env = await environmentOf(pid);
  if (portOf(args, env) !== port) return undefined;
  const root = valueOf(args, '--default-artifact-root') ?? env.get('MLFLOW_DEFAULT_ARTIFACT_ROOT');
  const destination = valueOf(args, '--artifacts-destination') ?? env.get('MLFLOW_ARTIFACTS_DESTINATION');
  const off =
    args.includes('--no-serve-artifacts') || /^(?:false|0)$/i.test(env.get('MLFLOW_SERVE_ARTIFACTS') ?? '');
  const host = valueOf(args, '--host') ?? valueOf(args, '-h') ?? env.get('MLFLOW_HOST');
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return {
    pid,
    servesArtifacts: !off || args.includes('--serve-artifacts'),
    ...(host === undefined ? {} : { host }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(root === undefined ? {} : { defaultArtifactRoot: root }),
    ...(destination === undefined ? {} : { artifactsDestination: destination }),
  };
}

/**
 * The `mlflow server` that answers at a tracking URI, when it runs on this machine and its flags may be read; no API of
 * MLflow tells its artifact root. Undefined elsewhere, and where there is no `/proc`.
 */
export async function findServerProcess(trackingUri: string): Promise<ServerProcess | undefined> {
  if (!URL.canParse(trackingUri)) return undefined;
  const url = new URL(trackingUri);
  if (!LOOPBACK.test(url.hostname) && url.hostname !== hostname().toLowerCase()) return undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const found = await readProcess(pid, port);
    if (found) return found;
  }
  return undefined;
}
