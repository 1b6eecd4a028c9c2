import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Client, type Connection, type ParsedKey, type SFTPWrapper } from 'ssh2';
import { fingerprintOf } from '../../../src/artifacts/stores/sftp/known-hosts.ts';
import { bedFolder, type Bed } from '../bed.ts';
import { serveFolder, type ServedFolder } from '../served-folder.ts';
import { FSYNC, POSIX_RENAME, serveSftp } from './sftp-requests.ts';

/** SSH_FXP_VERSION and the version. */
const VERSION = 2;
const PROTOCOL = 3;

/** An SSH server in this process that serves a temporary folder over SFTP. */
export interface SshServer extends Bed {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** A home directory for clients: `.ssh/known_hosts` and `.ssh/id_ed25519` are right. */
  readonly home: string;
  /** `SHA256:…` of the host key. */
  readonly fingerprint: string;
  readonly folder: ServedFolder;
  /** How long every request waits for its answer, in ms; Infinity for ever. */
  delayMs: number;
}

export interface SshServerOptions {
  /** Whether it offers posix-rename and fsync as OpenSSH does, or the bare protocol. */
  readonly extensions: boolean;
}

/** Keys of the server and of the client, and a home directory that knows both. */
async function makeKeys(): Promise<{
  home: string;
  hostKey: string;
  allowed: ParsedKey;
  hostPublic: string;
}> {
  const home = await bedFolder('ssh-home');
  const [host, user] = [ssh2.utils.generateKeyPairSync('ed25519'), ssh2.utils.generateKeyPairSync('ed25519')];
  await mkdir(join(home, '.ssh'));
  await writeFile(join(home, '.ssh', 'id_ed25519'), user.private, { mode: 0o600 });
  const allowed = ssh2.utils.parseKey(user.public);
  if (allowed instanceof Error) throw allowed;
  return { home, hostKey: host.private, allowed, hostPublic: host.public };
}

/** Whether somebody is who he says: the key's owner has signed, or knows the password. */
function mayEnter(asked: AuthContext, user: string, password: string, allowed: ParsedKey): boolean {
  if (asked.username !== user) return false;
  if (asked.method === 'password') return asked.password === password;
  if (asked.method !== 'publickey' || !asked.key.data.equals(allowed.getPublicSSH())) return false;
  if (!asked.signature || !asked.blob) return true;
  return allowed.verify(asked.blob, asked.signature, asked.hashAlgo);
}

/**
 * Has a channel announce extensions. ssh2's server sends a version without any and cannot be told of some, so its first
 * packet is replaced.
 */
function announce(sftp: SFTPWrapper, names: readonly string[]): void {
  const channel = sftp as unknown as { _protocol: { channelData(id: number, packet: Buffer): void } };
  const real = channel._protocol;
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(value));
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const body = Buffer.concat([
    Buffer.from([VERSION, 0, 0, 0, PROTOCOL]),
    ...names.flatMap((name) => [text(name), text('1')]),
  ]);
  const packet = Buffer.concat([Buffer.alloc(4), body]);
  packet.writeUInt32BE(body.byteLength);
  const channelData = (id: number) => {
    channel._protocol = real;
    real.channelData(id, packet);
  };
  channel._protocol = Object.assign(Object.create(real) as typeof real, { channelData });
}

/** Starts a server on a free loopback port with keys of its own. Everything it needs comes with npm. */
export async function startSshServer({ extensions }: SshServerOptions): Promise<SshServer> {
  const { home, hostKey, hostPublic, allowed } = await makeKeys();
  const folder = await serveFolder('ssh-served');
  const [user, password] = ['mlflow', 'p@ss:w/rd'];
  const connections = new Set<Connection>();
  const state = { delayMs: 0 };
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connections.add(connection);
    // As OpenSSH's server does; the types do not know it.
    (connection as Connection & Pick<Client, 'setNoDelay'>).setNoDelay(true);
    connection.on('close', () => connections.delete(connection));
    // A client that goes away in the middle is an error here and no matter to the tests.
    connection.on('error', () => undefined);
    connection.on('authentication', (asked) => {
      if (mayEnter(asked, user, password, allowed)) asked.accept();
      else asked.reject(['publickey', 'password']);
    });
    connection.on('session', (acceptSession) => {
      acceptSession().on('sftp', (acceptSftp) => {
        const sftp = acceptSftp();
        if (extensions) announce(sftp, [POSIX_RENAME, FSYNC]);
        serveSftp(sftp, folder, () => state.delayMs);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [type = '', key = ''] = hostPublic.split(' ');
  await writeFile(join(home, '.ssh', 'known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const stop = async () => {
    for (const connection of connections) connection.end();
    await new Promise((resolve) => server.close(resolve));
    await folder.remove();
    await rm(home, { recursive: true });
  };
  const fingerprint = fingerprintOf(Buffer.from(key, 'base64'));
  return Object.assign(state, { host: '127.0.0.1', port, user, password, home, fingerprint, folder, stop });
}
