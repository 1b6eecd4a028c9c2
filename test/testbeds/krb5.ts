import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun, runCommand } from './run-command.ts';

const REALM = 'LAB.TEST';
const PASSWORD = 'for tests only';
const PACKAGES = ['krb5-kdc', 'krb5-admin-server', 'krb5-user', 'libkrb5-dev'];
/** Where Debian keeps the daemons. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

export interface KdcBed extends Bed {
  readonly realm: string;
  /** The client's and the servers' `krb5.conf`. */
  readonly confFile: string;
  /** A keytab of principals, which are made the first time, such as `HTTP/localhost`. */
  keytab(name: string, ...principals: readonly string[]): Promise<string>;
  /** Gets a ticket into a new cache, or that named; gives the cache's name. `lifetime` as kinit takes it. */
  kinit(principal: string, lifetime?: string, into?: string): Promise<string>;
}

async function isInstalled(): Promise<boolean> {
  const found = await runCommand(
    'sh',
    ['-c', 'command -v krb5kdc kadmin.local kinit klist && test -e /usr/include/gssapi/gssapi.h'],
    {
      env: { ...process.env, PATH },
    },
  );
  return found.code === 0;
}

/** Also the headers that `krb5/node-package.ts` compiles with. Debian starts no daemon at run level 1. */
async function install(): Promise<void> {
  if (await isInstalled()) return;
  const command = `apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Error(`the Kerberos bed needs MIT Kerberos: ${command}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await cached('krb5-packages', 'debian', async () => {
    await mustRun('sh', ['-c', `apt-get update -q && ${command}`], { env });
  });
}

function krb5Conf(port: number): string {
  return `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
 udp_preference_limit = 1
 clockskew = 5
[realms]
 ${REALM} = {
  kdc = 127.0.0.1:${port}
 }
[domain_realm]
 localhost = ${REALM}
`;
}

function kdcConf(port: number, dir: string): string {
  return `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 ${REALM} = {
  database_name = ${join(dir, 'db', 'principal')}
  key_stash_file = ${join(dir, 'db', 'stash')}
  acl_file = ${join(dir, 'acl')}
  max_life = 1h
  supported_enctypes = aes256-cts-hmac-sha1-96:normal
 }
`;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A KDC of its own realm. Needs MIT Kerberos, which is installed where that is possible. */
export async function startKdc(): Promise<KdcBed> {
  await install();
  const dir = await bedFolder('krb5');
  const port = await freePort();
  const confFile = join(dir, 'krb5.conf');
  await mkdir(join(dir, 'db'));
  await writeFile(confFile, krb5Conf(port));
  await writeFile(join(dir, 'kdc.conf'), kdcConf(port, dir));
  const env = {
    ...bareEnvironment(dir),
    PATH,
    KRB5_CONFIG: confFile,
    KRB5_KDC_PROFILE: join(dir, 'kdc.conf'),
  };
  const run = async (file: string, ...args: string[]) => mustRun(file, args, { env, cwd: dir });
  await run('kdb5_util', 'create', '-s', '-P', PASSWORD);
  const started = await startProcess({
    name: 'krb5kdc',
    file: 'krb5kdc',
    args: ['-n'],
    env,
    dir,
    ready: async () => accepts(port),
    readyMs: 20_000,
  });
  let caches = 0;
  const made = new Set<string>();
  return {
    realm: REALM,
    confFile,
    keytab: async (name, ...principals) => {
      const file = join(dir, `${name}.keytab`);
      for (const principal of principals) {
        if (!made.has(principal)) await run('kadmin.local', '-q', `addprinc -randkey ${principal}`);
        made.add(principal);
        await run('kadmin.local', '-q', `ktadd -k ${file} -norandkey ${principal}`);
      }
      return file;
    },
    kinit: async (principal, lifetime = '1h', into) => {
      const cache = into ?? `FILE:${join(dir, `cache-${(caches += 1)}`)}`;
      if (!made.has(principal)) await run('kadmin.local', '-q', `addprinc -pw secret ${principal}`);
      made.add(principal);
      // Only the variable, not `-c`, makes kinit add to a collection.
      const named = { ...env, KRB5CCNAME: cache };
      await mustRun('kinit', ['-l', lifetime, principal], { env: named, cwd: dir, input: 'secret\n' });
      return cache;
    },
    stop: () => started.stop(),
  };
}
