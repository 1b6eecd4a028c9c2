import { Failure, type FailureFacts } from '../core/failure.ts';
import type { NetNames } from './net.ts';

/** What is known of a request when its connection fails. */
export interface ConnectionFacts {
  /** Method and URL without query. */
  readonly subject: string;
  readonly host: string;
  /** Whether the request may have left: the connection was made. */
  readonly reached: boolean;
  readonly connectMs: number;
  readonly idleMs?: number;
  readonly names: NetNames;
}

type CodedError = Error & { readonly code: string };

function coded(code: string, message: string): CodedError {
  return Object.assign(new Error(message), { code });
}

const CONNECT_TIMEOUT = 'MLSTOW_CONNECT_TIMEOUT';
const SILENCE = 'MLSTOW_SILENCE';
const PROXY_REFUSAL = 'MLSTOW_PROXY_';

/** Destroys a request whose connection takes too long. */
export const connectTimeout = (): Error => coded(CONNECT_TIMEOUT, 'the connection took too long');
/** Destroys a request whose connection fell silent. */
export const silence = (): Error => coded(SILENCE, 'the connection fell silent');
/** Destroys a request whose proxy answered CONNECT with this status. */
export const proxyRefusal = (status: number): Error =>
  coded(`${PROXY_REFUSAL}${status}`, `the proxy answered ${status}`);

/** The code of a system, TLS or own error; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

type Story = Pick<FailureFacts, 'kind' | 'message'> & Partial<Pick<FailureFacts, 'hint' | 'retry'>>;

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);

/** TLS errors by OpenSSL's and Node's codes (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
function tlsStory(code: string, { host, names }: ConnectionFacts): Story | undefined {
  const misconfigured = (message: string, hint: string): Story => ({ kind: 'misconfigured', message, hint });
  if (UNTRUSTED.has(code)) {
    return misconfigured(
      `the certificate of ${host} is signed by an authority that is not trusted (${code})`,
      `set ${names.caFile} to a PEM file with that authority`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return misconfigured(
      `the certificate of ${host} is for another host name`,
      `use a host name that the certificate names, or ${names.verifyTls} if this is expected`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return misconfigured(
      `the certificate of ${host} ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'}`,
      `renew it and check this machine's clock; ${names.verifyTls} switches verification off`,
    );
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code)) {
    return misconfigured(
      `${host} refused the TLS handshake (${code})`,
      names.clientCertFile === undefined
        ? 'it may ask for a client certificate, which cannot be set for it, or for another version of TLS'
        : `if it asks for a client certificate, set ${names.clientCertFile} to a PEM file with certificate and key`,
    );
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('CERT_')) {
    return misconfigured(
      `${host} cannot be reached by TLS (${code})`,
      'check whether the URI should be http:',
    );
  }
  return undefined;
}

function proxyStory(code: string, host: string): Story {
  const status = Number(code.slice(PROXY_REFUSAL.length));
  if (status >= 500) {
    return {
      kind: 'unavailable',
      message: `the proxy cannot reach ${host}: it answered ${status}`,
      hint: `check the address, or add ${host} to NO_PROXY if it is to be reached directly`,
      retry: 'later',
    };
  }
  return {
    kind: 'misconfigured',
    message: `the proxy refused to connect to ${host}: it answered ${status}`,
    hint:
      status === 407
        ? 'put the name and password into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT'
        : `add ${host} to NO_PROXY if it is to be reached directly`,
  };
}

const UNKNOWN_NAME = 'check the host name in the address, and the DNS of this machine';
const NOBODY = 'check that the server runs, and the port in the address';
const NO_ROUTE =
  'check the network or VPN of this machine, and whether a proxy is needed (HTTPS_PROXY, NO_PROXY)';
const CUT_OFF = 'check the log of the server and what is in front of it: a proxy, load balancer or firewall';

/** What the system says of a connection, and what to look at then. */
const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOTFOUND: ['its name is unknown', UNKNOWN_NAME],
  EAI_AGAIN: ['its name could not be looked up', UNKNOWN_NAME],
  ECONNREFUSED: ['nothing listens there', NOBODY],
  EHOSTUNREACH: ['there is no route to it', NO_ROUTE],
  ENETUNREACH: ['there is no route to it', NO_ROUTE],
  ECONNRESET: ['the connection was reset', CUT_OFF],
  EPIPE: ['the connection was closed', CUT_OFF],
  ETIMEDOUT: ['the connection timed out', NO_ROUTE],
};

function story(code: string, error: unknown, facts: ConnectionFacts): Story {
  const { host, names } = facts;
  if (code === CONNECT_TIMEOUT) {
    const message = `${host} did not accept a connection within ${facts.connectMs} ms`;
    return { kind: 'timeout', message, hint: `check the address, or raise ${names.timeout}`, retry: 'later' };
  }
  if (code === SILENCE) {
    const message = `${host} was silent for ${facts.idleMs ?? 0} ms`;
    return { kind: 'timeout', message, hint: `raise ${names.timeout}`, retry: 'later' };
  }
  if (code.startsWith(PROXY_REFUSAL)) return proxyStory(code, host);
  const [reason, hint] = REASONS[code] ?? [error instanceof Error ? error.message : String(error), NO_ROUTE];
  const message = `${host} cannot be reached: ${reason}`;
  const unavailable: Story = { kind: 'unavailable', message, hint, retry: 'later' };
  return tlsStory(code, facts) ?? unavailable;
}

/** Any error of a connection as a Failure, by its code; a Failure (of a source, say) as it is. */
export function connectionFailure(error: unknown, facts: ConnectionFacts): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const told = story(code, error, facts);
  return new Failure(
    {
      ...told,
      subject: facts.subject,
      effect: facts.reached && !code.startsWith(PROXY_REFUSAL) ? 'unknown' : 'none',
      ...(code === '' ? {} : { vendor: { code } }),
    },
    error,
  );
}
