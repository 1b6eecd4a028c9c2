import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { onAbort } from '../core/on-abort.ts';

/** What a server shows of itself over TLS, whoever signed it. */
export interface PeerCertificate {
  /** As OpenSSL writes it: `Nov 21 12:00:00 2026 GMT`. */
  readonly validTo: string;
  /** Common name, else organisation. */
  readonly issuer: string;
  /** Whether nobody else signed it. */
  readonly selfSigned: boolean;
}

/** The issuer as Node tells it has a line for each attribute. */
function nameIn(issuer: string): string {
  return (/^CN=(.*)$/m.exec(issuer) ?? /^O=(.*)$/m.exec(issuer))?.[1] ?? issuer;
}

/**
 * Asks a server for its certificate and believes nothing of it: nothing is sent, and the connection is closed. Undefined
 * where no connection comes about within `ms`, or before the signal aborts.
 */
export async function peerCertificate(
  { hostname, port }: URL,
  ms: number,
  signal: AbortSignal,
): Promise<PeerCertificate | undefined> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({
    host,
    port: Number(port === '' ? 443 : port),
    rejectUnauthorized: false,
    timeout: ms,
    ...name,
  });
  const forget = onAbort(signal, () => socket.destroy());
  if (signal.aborted) socket.destroy();
  try {
    return await new Promise<PeerCertificate | undefined>((resolve) => {
      socket.once('secureConnect', () => {
        const shown = socket.getPeerX509Certificate();
        resolve(
          shown && {
            validTo: shown.validTo,
            issuer: nameIn(shown.issuer),
            selfSigned: shown.checkIssued(shown),
          },
        );
      });
      socket.once('timeout', () => socket.destroy());
      socket.once('error', () => resolve(undefined));
      socket.once('close', () => resolve(undefined));
    });
  } finally {
    forget();
    socket.destroy();
  }
}
