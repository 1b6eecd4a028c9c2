import { Failure } from '../../../core/failure.ts';
import {
  fingerprintOf,
  judgeKey,
  keyTypeOf,
  knownName,
  readKnownHost,
  type KnownHost,
} from './known-hosts.ts';
import { labelOf, type Target } from './target.ts';

/** Algorithms that prove a host key, best first; SHA-1 is not among them. */
const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
type Algorithm = (typeof ALGORITHMS)[number];

/** Decides whether a server is the one that is meant. */
export interface HostCheck {
  /** Those of known keys first, since a server shows one key only. */
  readonly algorithms: Algorithm[];
  /** Why a key is not trusted; undefined when it is. */
  refusal(key: Buffer): Failure | undefined;
}

function proves(algorithm: Algorithm, type: string): boolean {
  return type === 'ssh-rsa' ? algorithm.startsWith('rsa-') : algorithm === type;
}

/** Prepares the check of a server's key against the fingerprint that is set, else against known_hosts. */
export async function checkHost(target: Target, fingerprint: string | undefined): Promise<HostCheck> {
  if (fingerprint !== undefined) {
    const refusal = (key: Buffer) => refuseFingerprint(target, key, fingerprint);
    return { algorithms: [...ALGORITHMS], refusal };
  }
  const known = await readKnownHost(target.knownHostsFiles, target.knownAs);
  const isKnown = (each: Algorithm) => known.types.some((type) => proves(each, type));
  return {
    algorithms: [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((each) => !isKnown(each))],
    refusal: (key) => refuseKey(target, known, key),
  };
}

function refuseFingerprint(target: Target, key: Buffer, fingerprint: string): Failure | undefined {
  const shown = fingerprintOf(key);
  if (shown === fingerprint.replace(/=+$/, '')) return undefined;
  return new Failure({
    kind: 'denied',
    message: `${labelOf(target)} shows the ${keyTypeOf(key)} host key ${shown}, which is not the one that is set; nothing was sent`,
    hint: 'if the server is right, set MLSTOW_SFTP_HOST_KEY_FINGERPRINT to the fingerprint of that key type',
    subject: labelOf(target),
    settings: ['sftp.hostKeyFingerprint'],
  });
}

function refuseKey(target: Target, known: KnownHost, key: Buffer): Failure | undefined {
  const verdict = judgeKey(known, key);
  if (verdict === 'known') return undefined;
  const label = labelOf(target);
  const shown = `${keyTypeOf(key)} host key ${fingerprintOf(key)}`;
  const about = { subject: label, settings: ['sftp.knownHosts', 'sftp.hostKeyFingerprint'] };
  if (verdict === 'unknown') {
    return new Failure({
      ...about,
      kind: 'misconfigured',
      message: `the host key of ${label} is unknown: it shows the ${shown}`,
      hint: `compare that fingerprint with the server's, then ${keyscan(target)}`,
    });
  }
  if (verdict === 'revoked') {
    return new Failure({
      ...about,
      kind: 'denied',
      message: `${label} shows the ${shown}, which known_hosts marks as revoked; nothing was sent`,
      hint: 'do not connect before its administrator has replaced the key',
    });
  }
  const origins = known.keys.map(({ origin }) => origin).join(', ');
  return new Failure({
    ...about,
    kind: 'denied',
    message: `THE HOST KEY OF ${label} HAS CHANGED: it shows the ${shown}, other than ${origins}; somebody may be listening in, nothing was sent`,
    hint: `ask its administrator; if the key was replaced, ssh-keygen -R '${knownName(target.knownAs)}' and then ${keyscan(target)}`,
  });
}

function keyscan({ host, port, knownHostsFiles }: Target): string {
  const file = knownHostsFiles[0] ?? '~/.ssh/known_hosts';
  const shown = /\/\.ssh\/known_hosts$/.test(file) ? '~/.ssh/known_hosts' : file;
  return `ssh-keyscan -p ${port} ${host} >> ${shown}`;
}
