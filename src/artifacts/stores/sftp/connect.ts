import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ClientErrorExtensions } from 'ssh2';
import { Failure, type FailureFacts } from '../../../core/failure.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import { checkHost } from './host-key.ts';
import { gatherIdentities } from './identities.ts';
import { startLogin } from './login.ts';
import type { SftpOptions } from './options.ts';
import { labelOf, type Target } from './target.ts';

/** Sent on a quiet connection, in ms, so that a dead one is noticed before it is needed. */
const KEEPALIVE_MS = 15_000;

/** A connection that is logged in, and how all of it is closed. */
export interface Connection {
  readonly client: Client;
  end(): void;
}

/**
 * Connects to a server, through its jump host when it has one, checks its host key and logs in. An abort ends every
 * connection that was begun.
 * @throws Failure misconfigured and denied (host key), unauthenticated, unavailable, timeout; the reason of the signal
 */
export async function connect(
  target: Target,
  options: SftpOptions,
  signal: AbortSignal,
): Promise<Connection> {
  if (!target.jump) return open(target, options, signal);
  const outer = await connect(target.jump, options, signal);
  try {
    const inner = await open(target, options, signal, await forward(outer.client, target, signal));
    return {
      client: inner.client,
      end: () => {
        inner.end();
        outer.end();
      },
    };
  } catch (thrown) {
    outer.end();
    throw thrown;
  }
}

async function forward(jump: Client, target: Target, signal: AbortSignal): Promise<Duplex> {
  const label = labelOf(target);
  const forwarded = new Promise<Duplex>((resolve, reject) => {
    jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, stream) => {
      if (!error) {
        resolve(stream);
        return;
      }
      const message = `the jump host does not lead to ${label}: ${error.message}`;
      reject(new Failure({ kind: 'unavailable', message, subject: label, retry: 'later' }, error));
    });
  });
  return unlessAborted(forwarded, signal, label);
}

async function open(
  target: Target,
  options: SftpOptions,
  signal: AbortSignal,
  sock?: Duplex,
): Promise<Connection> {
  const identities = await gatherIdentities(target, options);
  const check = await checkHost(target, target.isJump ? undefined : options.hostKeyFingerprint);
  const login = startLogin(target, identities);
  const client = new ssh2.Client();
  let refusal: Failure | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    // An agent that fails is one way less to log in: ssh2 goes on with the next.
    client.on('error', (error) => {
      if (error.level === 'agent') return;
      reject(refusal ?? connectFailure(error, target, options, () => login.failure(error)));
    });
    client.once('close', () => reject(refusal ?? closedEarly(target)));
    client.connect({
      host: target.host,
      port: target.port,
      username: target.user,
      ...(sock ? { sock } : {}),
      ...(Number.isFinite(options.connectMs) ? { readyTimeout: options.connectMs } : { readyTimeout: 0 }),
      keepaliveInterval: KEEPALIVE_MS,
      algorithms: { serverHostKey: check.algorithms },
      hostVerifier: (key: Buffer) => {
        refusal = check.refusal(key);
        return refusal === undefined;
      },
      authHandler: login.next,
    });
    // Without its native code ssh2 writes a packet in pieces, each of which would wait for the last one's receipt.
    client.setNoDelay(true);
  });
  await unlessAborted(ready, signal, labelOf(target)).catch((thrown: unknown) => {
    client.destroy();
    throw thrown;
  });
  return { client, end: () => void client.destroy() };
}

function closedEarly(target: Target): Failure {
  const label = labelOf(target);
  return new Failure({
    kind: 'unavailable',
    message: `${label} closed the connection before anybody was logged in`,
    hint: 'a server does so when too many connections are being opened (MaxStartups); lower MLSTOW_SFTP_SESSIONS',
    subject: label,
    retry: 'later',
    settings: ['sftp.sessions'],
  });
}

type SshError = Error & ClientErrorExtensions & { readonly code?: unknown };

function connectFailure(
  error: SshError,
  target: Target,
  { connectMs }: SftpOptions,
  loginFailure: () => Failure,
): Failure {
  if (error.level === 'client-authentication') return loginFailure();
  const label = labelOf(target);
  const facts = factsOf(error, label, target.host, connectMs);
  const vendor = typeof error.code === 'string' ? { vendor: { code: error.code } } : {};
  return new Failure({ ...facts, subject: label, ...vendor }, error);
}

function factsOf(
  error: SshError,
  label: string,
  host: string,
  connectMs: number,
): Omit<FailureFacts, 'subject'> {
  if (error.level === 'client-timeout') {
    const message = `${label} did not answer within ${connectMs / 1000} s`;
    return { kind: 'timeout', message, retry: 'later', settings: ['http.timeout'] };
  }
  if (error.code === 'ENOTFOUND') {
    const hint = 'check the host name in the URI and in ssh_config';
    return { kind: 'unavailable', message: `the host ${host} is not known`, hint, retry: 'later' };
  }
  if (error.level === 'client-socket') {
    return { kind: 'unavailable', message: `${label} cannot be reached: ${error.message}`, retry: 'later' };
  }
  const message = `no secure connection to ${label} came about: ${error.message}`;
  return { kind: 'unavailable', message, retry: 'later' };
}
