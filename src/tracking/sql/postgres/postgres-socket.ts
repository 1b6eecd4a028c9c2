import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Failure } from '../../../core/failure.ts';
import { bounded } from '../servers/exchange.ts';
import { readPem } from '../servers/pem-file.ts';
import type { PostgresTarget } from './postgres-target.ts';

/** SSLRequest (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 0x53;

/** Rejects when the socket breaks before the event comes. */
async function event(socket: Socket, name: string): Promise<unknown> {
  const [value] = (await once(socket, name)) as unknown[];
  return value;
}

async function wantsTls(socket: Socket): Promise<boolean> {
  socket.write(SSL_REQUEST);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const lost = (): void =>
      reject(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    socket.once('error', reject).once('close', lost);
    socket.once('data', (bytes: Buffer) => {
      socket.off('error', reject).off('close', lost).pause();
      resolve(bytes);
    });
  });
  // More than one byte could be a middleman's plain text, smuggled in before the handshake (CVE-2021-23222).
  if (answer.length !== 1) throw Object.assign(new Error('an answer too long'), { code: 'EPROTO' });
  return answer[0] === YES;
}

async function authorities({ rootCertFile }: PostgresTarget, caFile: string | undefined): Promise<string[]> {
  if (rootCertFile !== undefined) return [await readPem(rootCertFile, 'sslrootcert')];
  return caFile === undefined
    ? [...rootCertificates]
    : [...rootCertificates, await readPem(caFile, '--ca-file')];
}

async function encrypt(socket: Socket, target: PostgresTarget, caFile: string | undefined): Promise<Socket> {
  const tls = await import('node:tls');
  const { sslMode, host, certFile, keyFile, rootCertFile } = target;
  // libpq checks a certificate against a root file that is given also where the mode does not ask for it.
  const isChecked = sslMode.startsWith('verify') || (sslMode === 'require' && rootCertFile !== undefined);
  const secure = tls.connect({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    rejectUnauthorized: isChecked,
    ...(isChecked ? { ca: await authorities(target, caFile) } : {}),
    ...(certFile === undefined ? {} : { cert: await readPem(certFile, 'sslcert') }),
    ...(keyFile === undefined ? {} : { key: await readPem(keyFile, 'sslkey') }),
    checkServerIdentity: (_name, certificate) =>
      sslMode === 'verify-full' ? tls.checkServerIdentity(host, certificate) : undefined,
  });
  await event(secure, 'secureConnect');
  return secure;
}

function noTls({ label, sslMode }: PostgresTarget): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${label}: the server does not speak TLS, which sslmode=${sslMode} demands`,
    subject: label,
    hint: 'switch TLS on at the server, or allow plain text with sslmode=prefer in the tracking URI',
  });
}

async function prepare(socket: Socket, target: PostgresTarget, caFile: string | undefined): Promise<Socket> {
  await event(socket, 'connect');
  if (target.socketPath !== undefined || target.sslMode === 'disable') return socket;
  if (await wantsTls(socket)) return await encrypt(socket, target, caFile);
  if (target.sslMode === 'prefer' || target.sslMode === 'allow') return socket.resume();
  throw noTls(target);
}

/**
 * A connection to the server, encrypted as the mode demands, before the first message of the session.
 * @throws Failure misconfigured, timeout, cancelled; an error with a code of the system or of TLS
 */
export async function postgresSocket(
  target: PostgresTarget,
  caFile: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const { host, port, socketPath, label, connectMs } = target;
  const socket =
    socketPath === undefined
      ? connectTcp({ host, port, noDelay: true, keepAlive: true })
      : connectTcp(socketPath);
  const bounds = { signal, timeoutMs: connectMs, label };
  try {
    return await bounded(prepare(socket, target, caFile), bounds, () => socket.destroy());
  } catch (thrown) {
    socket.on('error', () => undefined).destroy();
    throw thrown;
  }
}
