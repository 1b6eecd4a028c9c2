import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { matchesPatterns } from './ssh-config.ts';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownKey {
  readonly revoked: boolean;
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  /** The public key as it is sent. */
  readonly blob: Buffer;
  /** `file:line`, for messages. */
  readonly origin: string;
}

/** What known_hosts files say of a host, and what a key of it means. */
export interface KnownHost {
  readonly keys: readonly KnownKey[];
  /** Types of the keys to ask for, so that the server shows one that can be compared. */
  readonly types: readonly string[];
}

export type Verdict = 'known' | 'unknown' | 'mismatch' | 'revoked';

/** `SHA256:…` as ssh-keygen -l prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

/** The type that a key's own bytes name (RFC 4253, section 6.6). */
export function keyTypeOf(blob: Buffer): string {
  if (blob.byteLength < 4) return 'unknown';
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

/** `host`, or `[host]:port` for other ports than 22. */
export function knownName({ name, port }: { readonly name: string; readonly port: number }): string {
  return port === 22 ? name : `[${name}]:${port}`;
}

function matchesHost(field: string, name: string): boolean {
  if (!field.startsWith('|1|')) return matchesPatterns(field.split(','), name);
  const [, , salt = '', hash = ''] = field.split('|');
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** The keys of a host in the text of one file; certificate authorities are not keys of a host. */
export function knownKeys(text: string, name: string, file: string): readonly KnownKey[] {
  return text.split('\n').flatMap((line, index) => {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
    const [hosts = '', type = '', key = ''] = fields;
    if (hosts === '' || hosts.startsWith('#') || key === '' || marker === '@cert-authority') return [];
    if (!matchesHost(hosts, name)) return [];
    const blob = Buffer.from(key, 'base64');
    return [{ revoked: marker === '@revoked', type, blob, origin: `${file}:${index + 1}` }];
  });
}

/**
 * Reads what files know of a host; missing files know nothing. As ssh does, a host at another port is also looked up
 * without its port when it has no entry of its own.
 */
export async function readKnownHost(
  files: readonly string[],
  host: { readonly name: string; readonly port: number },
): Promise<KnownHost> {
  const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8').catch(() => '')));
  const keysOf = (name: string) => texts.flatMap((text, index) => knownKeys(text, name, files[index] ?? ''));
  const own = keysOf(knownName(host));
  const usable = own.some(({ revoked }) => !revoked) || host.port === 22;
  const keys = usable ? own : [...own, ...keysOf(host.name)];
  return { keys, types: [...new Set(keys.filter(({ revoked }) => !revoked).map(({ type }) => type))] };
}

/** What a key that a server shows means. */
export function judgeKey({ keys }: KnownHost, blob: Buffer): Verdict {
  const same = keys.filter((key) => key.blob.equals(blob));
  if (same.some(({ revoked }) => revoked)) return 'revoked';
  if (same.length > 0) return 'known';
  return keys.some(({ revoked }) => !revoked) ? 'mismatch' : 'unknown';
}
