import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun } from './run-command.ts';
import { makeTls } from './tls.ts';

const HERE = join(import.meta.dirname, 'ftp');
/** The user without rights: servers run as it where tests run as root, so that rights mean something. */
const NOBODY = 65_534;
const READY_MS = 20_000;

/** A running FTP server. */
export interface FtpBed extends Bed {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The served directory on this machine. */
  readonly root: string;
  /** The same as the server names it: without rights, vsftpd cannot make it its `/`. */
  readonly path: string;
  /** The authority that signed its certificate, when it has one. */
  readonly caFile?: string;
}

export interface PyftpdOptions {
  /** Whether TLS is demanded, for control and data: after AUTH TLS, or from the first byte. */
  readonly tls?: boolean | 'implicit';
  /** The only ports for data connections. */
  readonly passivePorts?: readonly number[];
  /** Other ports that EPSV and PASV tell in their place: those of proxies. */
  readonly announce?: Readonly<Record<number, number>>;
  /** Commands that it does not know; `MLST` takes away the features as well. */
  readonly unknown?: readonly string[];
  /** Whether RNTO replaces a file; true unless told. */
  readonly renameOntoFiles?: boolean;
  readonly maxPerIp?: number;
}

/** The Python that has pyftpdlib. Needs `python3` >= 3.11 on the PATH to be made. */
async function pyftpdPython(): Promise<string> {
  const requirements = join(HERE, 'requirements.txt');
  const pins = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 8);
  const dir = await cached('pyftpdlib', pins, async (made) => {
    await mustRun('python3', ['-m', 'venv', made]);
    await mustRun(join(made, 'bin', 'pip'), ['install', '--quiet', '--no-input', '-r', requirements]);
  });
  return join(dir, 'bin', 'python');
}

/** Where Debian's vsftpd is; installed there when it is missing, which needs root. */
async function vsftpd(): Promise<string> {
  await cached('vsftpd', 'debian', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install =
      'test -x /usr/sbin/vsftpd || { apt-get update -q && apt-get install -qy --no-install-recommends vsftpd; }';
    await mustRun('sh', ['-c', install], { env });
    await mustRun('sh', ['-c', 'if [ -x /etc/init.d/vsftpd ]; then /etc/init.d/vsftpd stop || true; fi']);
  });
  return '/usr/sbin/vsftpd';
}

/** Whether a server greets, or, where TLS comes first, takes a connection. */
async function listens(port: number, sign: 'data' | 'connect' = 'data'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once(sign, () => resolve(true));
    socket.once('close', () => resolve(false));
    socket.once('error', () => resolve(false));
    socket.once(sign, () => socket.destroy());
  });
}

/** A folder with the directory to serve, which belongs to the user that the server runs as. */
async function servedFolder(name: string): Promise<{ readonly dir: string; readonly root: string }> {
  const dir = await bedFolder(name);
  const root = join(dir, 'root');
  await mkdir(root);
  await chmod(dir, 0o755);
  if (process.getuid?.() === 0) await chown(root, NOBODY, NOBODY);
  return { dir, root };
}

/** pyftpdlib: MLSD, links shown as what they lead to. */
export async function startPyftpd(options: PyftpdOptions = {}): Promise<FtpBed> {
  const { dir, root } = await servedFolder('pyftpd');
  const tls = options.tls ? await makeTls(dir) : undefined;
  const port = await freePort();
  const user = 'mlflow';
  const password = 'p@ss:w/rd';
  const users = [{ name: user, password }];
  const config = join(dir, 'serve.json');
  await writeFile(config, JSON.stringify({ ...options, pemFile: tls?.pemFile, port, root, users }));
  const started = await startProcess({
    name: 'pyftpd',
    file: await pyftpdPython(),
    args: [join(HERE, 'serve.py'), config],
    env: bareEnvironment(dir),
    dir,
    ready: () => listens(port, options.tls === 'implicit' ? 'connect' : 'data'),
    readyMs: READY_MS,
  });
  return {
    port,
    user,
    password,
    root,
    path: '',
    ...(tls ? { caFile: tls.caFile } : {}),
    stop: () => started.stop(),
  };
}

export interface VsftpdOptions {
  /** Whether TLS is demanded, with the session of the control connection on each data connection. */
  readonly tls?: boolean;
  readonly maxPerIp?: number;
}

function vsftpdConfig(options: VsftpdOptions, port: number, root: string): Record<string, string> {
  const tls = options.tls === true ? 'YES' : 'NO';
  return {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: String(port),
    background: 'NO',
    run_as_launching_user: 'YES',
    seccomp_sandbox: 'NO',
    isolate: 'NO',
    isolate_network: 'NO',
    xferlog_enable: 'NO',
    anonymous_enable: 'YES',
    anon_root: root,
    anon_umask: '022',
    anon_world_readable_only: 'NO',
    anon_upload_enable: 'YES',
    anon_mkdir_write_enable: 'YES',
    anon_other_write_enable: 'YES',
    write_enable: 'YES',
    allow_writeable_chroot: 'YES',
    max_per_ip: String(options.maxPerIp ?? 0),
    ssl_enable: tls,
    ...(options.tls
      ? {
          allow_anon_ssl: 'YES',
          force_anon_logins_ssl: 'YES',
          force_anon_data_ssl: 'YES',
          require_ssl_reuse: 'YES',
        }
      : {}),
  };
}

/** Debian's vsftpd: LIST only, `max_per_ip` counts connections, a new one is refused with 421. */
export async function startVsftpd(options: VsftpdOptions = {}): Promise<FtpBed> {
  const program = await vsftpd();
  const { dir, root } = await servedFolder('vsftpd');
  const tls = options.tls ? await makeTls(dir) : undefined;
  const port = await freePort();
  const settings = {
    ...vsftpdConfig(options, port, root),
    ...(tls ? { rsa_cert_file: tls.certFile, rsa_private_key_file: tls.keyFile } : {}),
  };
  const config = join(dir, 'vsftpd.conf');
  await writeFile(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const asRoot = process.getuid?.() === 0;
  if (asRoot && tls) await chown(tls.keyFile, NOBODY, NOBODY);
  if (asRoot) await chown(config, NOBODY, NOBODY);
  const drop = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
  const started = await startProcess({
    name: 'vsftpd',
    file: asRoot ? 'setpriv' : program,
    args: [...(asRoot ? [...drop, program] : []), config],
    env: bareEnvironment(dir),
    dir,
    ready: () => listens(port),
    readyMs: READY_MS,
  });
  return {
    port,
    user: 'anonymous',
    password: '',
    root,
    path: root,
    ...(tls ? { caFile: tls.caFile } : {}),
    stop: () => started.stop(),
  };
}
