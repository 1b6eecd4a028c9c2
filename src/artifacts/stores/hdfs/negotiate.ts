import { createRequire } from 'node:module';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import type { Credentials } from './credentials.ts';
import { noTicket, type KerberosOptions } from './no-ticket.ts';

/** The part of the package `kerberos` that is used. */
interface KerberosPackage {
  initializeClient(service: string, options: object): Promise<{ step(challenge: string): Promise<string> }>;
  readonly GSS_MECH_OID_SPNEGO: number;
}

const COOKIE = /(?:^|, )hadoop\.auth=("[^"]+"|[^;,"]+)/;

/** Compiled when it is installed, so it is no dependency: found next to mlstow, or on NODE_PATH. */
function loadPackage(host: string): KerberosPackage {
  try {
    return createRequire(import.meta.url)('kerberos') as KerberosPackage;
  } catch (thrown) {
    throw new Failure(
      {
        kind: 'unsupported',
        message: `${host} asks for Kerberos, and the package "kerberos" is not installed`,
        subject: host,
        hint:
          'install it next to mlstow (npm install -g kerberos; it needs a compiler and libkrb5-dev), ' +
          'or set MLSTOW_HDFS_DRIVER=cli or MLSTOW_HDFS_DELEGATION_TOKEN',
        settings: ['hdfs.driver', 'hdfs.delegationToken'],
      },
      thrown,
    );
  }
}

/** A SPNEGO token for one request. @throws Failure unauthenticated, unsupported */
async function tokenFor(to: URL, options: KerberosOptions): Promise<string> {
  const kerberos = loadPackage(to.host);
  const { ticketCache, principal } = options;
  // GSSAPI takes the cache's name from the environment of its process and nowhere else.
  // eslint-disable-next-line no-restricted-syntax
  if (ticketCache !== undefined) process.env['KRB5CCNAME'] = ticketCache;
  try {
    const settings = { mechOID: kerberos.GSS_MECH_OID_SPNEGO, ...(principal ? { principal } : {}) };
    const client = await kerberos.initializeClient(`HTTP@${to.hostname}`, settings);
    return await client.step('');
  } catch (thrown) {
    throw await noTicket(to.host, options, thrown);
  }
}

/** Whether a server says that it wants SPNEGO (RFC 4559). */
function wantsNegotiate({ status, headers }: NetResponse): boolean {
  return status === 401 && /(?:^|,\s*)negotiate\b/i.test(headers['www-authenticate'] ?? '');
}

/**
 * An account name where it is believed, a Kerberos ticket where a server asks for one. After the first answer its cookie
 * stands for the ticket, for that server only.
 * @param from whether the configuration says that the cluster has Kerberos; otherwise the first 401 tells
 */
export function accountOrTicket(
  user: string,
  options: KerberosOptions,
  from: 'name' | 'ticket',
): Credentials {
  let mode = from;
  const cookies = new Map<string, string>();
  return {
    who: user,
    query: () => (mode === 'name' ? { 'user.name': user } : {}),
    headers: async (to: URL, io: Io): Promise<Readonly<Record<string, string>>> => {
      if (mode === 'name') return {};
      io.signal.throwIfAborted();
      const cookie = cookies.get(to.origin);
      if (cookie !== undefined) return { cookie: `hadoop.auth=${cookie}` };
      return { authorization: `Negotiate ${await tokenFor(to, options)}` };
    },
    learn: (answer, sent) => {
      if (wantsNegotiate(answer)) {
        // Requests at once are refused at once: each is made again that went without a ticket.
        mode = 'ticket';
        cookies.delete(answer.url.origin);
        return sent['authorization'] === undefined;
      }
      // A ticket that came late, or with another at the same moment, is refused with 403: a new one may do.
      if (answer.status === 403 && sent['authorization'] !== undefined) return true;
      const cookie = COOKIE.exec(answer.headers['set-cookie'] ?? '')?.[1];
      if (mode === 'ticket' && cookie !== undefined) cookies.set(answer.url.origin, cookie);
      return false;
    },
  };
}
