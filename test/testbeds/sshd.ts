import { access, appendFile, chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mlflowPython } from './mlflow.ts';
import { mustRun, runCommand } from './run-command.ts';

const SSHD = '/usr/sbin/sshd';

/**
 * OpenSSH's own server. Whoever runs the tests may log in; of root's tests it is `nobody`, whom file modes bind.
 */
export interface Sshd extends Bed {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Holds everything of the bed; also a place for files to serve. */
  readonly dir: string;
  /** A home directory for clients: `.ssh/known_hosts` and `.ssh/id_ed25519` are right. */
  readonly home: string;
  /** The private key that may log in. */
  readonly identityFile: string;
  readonly knownHosts: string;
  /** `SHA256:…` of the ed25519 host key. */
  readonly fingerprint: string;
  /** How many connections the server has accepted so far. */
  logins(): Promise<number>;
}

export interface SshdOptions {
  /** More lines for sshd_config. */
  readonly config?: readonly string[];
  /** Types of host keys. */
  readonly hostKeys?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
}

/** Installs Debian's openssh-server where it is missing; its own daemon is not left running. Needs apt and root then. */
async function installed(): Promise<void> {
  await cached('sshd', 'debian', async () => {
    if (
      await access(SSHD).then(
        () => true,
        () => false,
      )
    )
      return;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await mustRun('apt-get', ['update', '-qq'], { env });
    await mustRun('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'openssh-server'], { env });
    await runCommand('service', ['ssh', 'stop']);
  });
}

/** Makes a key pair without a passphrase, or with one. */
export async function makeKey(file: string, type = 'ed25519', passphrase = ''): Promise<void> {
  await mustRun('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', file]);
}

async function writeConfig(dir: string, port: number, options: SshdOptions): Promise<string> {
  const file = join(dir, 'sshd_config');
  const hostKeys = options.hostKeys ?? ['ed25519'];
  for (const type of hostKeys) await makeKey(join(dir, `host_${type}`), type);
  const lines = [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((type) => `HostKey ${join(dir, `host_${type}`)}`),
    `PidFile ${join(dir, 'sshd.pid')}`,
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'Subsystem sftp internal-sftp',
    'LogLevel VERBOSE',
    'MaxStartups 100:30:200',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Starts sshd on a free loopback port with keys of its own. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  await installed();
  const dir = await bedFolder('sshd');
  await chmod(dir, 0o755);
  const port = await freePort();
  const home = join(dir, 'home');
  const ssh = join(home, '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  const identityFile = join(ssh, 'id_ed25519');
  await makeKey(identityFile);
  await copyFile(`${identityFile}.pub`, join(dir, 'authorized_keys'));
  const config = await writeConfig(dir, port, options);
  if (process.geteuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const started = await startProcess({
    name: 'sshd',
    file: SSHD,
    args: ['-D', '-e', '-f', config],
    env: bareEnvironment(dir),
    dir,
    ready: async () =>
      (await runCommand('ssh-keyscan', ['-p', String(port), '127.0.0.1'])).stdout.includes('ssh-'),
    readyMs: 20_000,
  });
  const knownHosts = join(ssh, 'known_hosts');
  const scanned = await mustRun('ssh-keyscan', ['-p', String(port), '127.0.0.1']);
  await appendFile(knownHosts, scanned.stdout);
  const printed = await mustRun('ssh-keygen', [
    '-lf',
    join(dir, `host_${options.hostKeys?.[0] ?? 'ed25519'}.pub`),
  ]);
  return {
    host: '127.0.0.1',
    port,
    user: process.geteuid?.() === 0 ? 'nobody' : userInfo().username,
    dir,
    home,
    identityFile,
    knownHosts,
    fingerprint: printed.stdout.split(' ')[1] ?? '',
    logins: async () =>
      (await readFile(join(dir, 'sshd.log'), 'utf8'))
        .split('\n')
        .filter((line) => line.startsWith('Accepted publickey')).length,
    stop: () => started.stop(),
  };
}

/** Where the stock client's SFTP packages are, for PYTHONPATH: MLflow itself declares none. */
export async function sftpPythonPath(): Promise<string> {
  return cached('mlflow-sftp', 'pysftp-0.2.9-paramiko-3.5.1', async (dir) => {
    const pins = ['pysftp==0.2.9', 'paramiko==3.5.1'];
    await mustRun(await mlflowPython(), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-input',
      '--target',
      dir,
      ...pins,
    ]);
  });
}
