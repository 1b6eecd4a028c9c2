import { Client } from 'basic-ftp';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { TlsTrust } from '../../../net/tls-trust.ts';
import { Connection } from './connection.ts';
import { ftpFailure, replyOf } from './failures.ts';

/** A server, a login, and how to reach them. */
export interface FtpServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A secret. */
  readonly password: string;
  readonly tls: 'off' | 'explicit' | 'implicit';
  readonly trust: TlsTrust;
  /** How long connecting and logging in may take, in ms. */
  readonly connectMs: number;
  /** `ftp://user@host:port`, without the password. */
  readonly label: string;
}

/** A directory of a million entries, in bytes; basic-ftp holds a whole listing. */
const LISTING_BYTES = 256 * 1024 * 1024;

/**
 * Opens a control connection and logs in: AUTH TLS where asked for, UTF-8, binary, EPSV with PASV to fall back to (the
 * library's own order), MLSD where the server announces it (RFC 3659), else LIST.
 * @throws Failure unavailable, timeout, throttled (too many connections), unauthenticated, misconfigured (TLS)
 */
export async function dial(server: FtpServer, io: Io): Promise<Connection> {
  const { label, connectMs } = server;
  // Silence is measured by the connection itself, which can tell it from a reset.
  const client = new Client(0, { allowSeparateTransferHost: false, maxListingBytes: LISTING_BYTES });
  let ended: Failure | undefined;
  const end = (why: Failure) => {
    ended ??= why;
    client.close();
  };
  const onAbort = () => end(asFailure(io.signal.reason, label));
  const timer = setTimeout(() => end(slow(label, connectMs)), connectMs);
  io.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await logIn(client, server);
    const announced = client.availableListCommands.includes('MLSD');
    return new Connection(client, [...(announced ? ['MLSD'] : []), 'LIST -a', 'LIST']);
  } catch (thrown) {
    client.close();
    throw ended ?? thrown;
  } finally {
    clearTimeout(timer);
    io.signal.removeEventListener('abort', onAbort);
  }
}

function slow(subject: string, connectMs: number): Failure {
  return new Failure({
    kind: 'timeout',
    message: `${subject} did not let anybody in within ${connectMs} ms`,
    hint: 'check host and port, or raise MLFLOW_HTTP_REQUEST_TIMEOUT',
    subject,
    retry: 'later',
    settings: ['http.timeout'],
  });
}

async function logIn(client: Client, server: FtpServer): Promise<void> {
  const { host, port, label, user, password } = server;
  const secure = { ...server.trust, host };
  const at = (doing: string) => (thrown: unknown) => {
    throw dialFailure(thrown, doing, server);
  };
  if (server.tls === 'implicit') await client.connectImplicitTLS(host, port, secure).catch(at('reaching'));
  else await client.connect(host, port).catch(at('reaching'));
  if (server.tls === 'explicit') {
    await client.useTLS(secure).catch((thrown: unknown) => {
      if (replyOf(thrown) === undefined || replyOf(thrown) === 421) at('encrypting')(thrown);
      throw noTls(label, thrown);
    });
  }
  await client.sendIgnoringError('OPTS UTF8 ON').catch(at('reaching'));
  await client.login(user, password).catch(at('logging in at'));
  await client.useDefaultSettings().catch(at('preparing'));
}

/** 421 at the door is the server's limit of connections (RFC 959: "service not available"). */
function dialFailure(thrown: unknown, doing: string, { label, tls }: FtpServer): Failure {
  if (replyOf(thrown) === 421) return tooMany(label, 421, thrown);
  const failure = ftpFailure(thrown, { doing, subject: label });
  if (doing !== 'logging in at' || failure.kind !== 'denied' || tls !== 'off') return failure;
  return failure.with({
    kind: 'misconfigured',
    hint: 'if the server wants encryption, set MLSTOW_FTP_TLS=explicit',
    settings: ['ftp.tls'],
  });
}

/** The server has as many connections as it takes, from us or from all. */
export function tooMany(label: string, code: number, cause?: unknown): Failure {
  return new Failure(
    {
      kind: 'throttled',
      message: `${label} takes no more connections (${code})`,
      hint: 'lower MLSTOW_FTP_CONNECTIONS, or try again when others are done',
      subject: label,
      retry: 'later',
      settings: ['ftp.connections'],
      vendor: { code: String(code) },
    },
    cause,
  );
}

function noTls(label: string, cause: unknown): Failure {
  return new Failure(
    {
      kind: 'misconfigured',
      message: `${label} does not offer encryption by AUTH TLS (${replyOf(cause) ?? 0})`,
      hint: 'set MLSTOW_FTP_TLS=implicit if it expects TLS from the first byte, or off to go without',
      subject: label,
      settings: ['ftp.tls'],
    },
    cause,
  );
}
