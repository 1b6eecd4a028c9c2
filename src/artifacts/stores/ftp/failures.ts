import { FTPError } from 'basic-ftp';
import { Failure, type FailureFacts } from '../../../core/failure.ts';

/** What was going on, for messages. */
export interface Doing {
  /** A phrase such as "reading". */
  readonly doing: string;
  /** Redacted URI. */
  readonly subject: string;
  /** Whether it may have happened when no answer came; `none` unless told. */
  readonly effect?: 'none' | 'unknown';
}

type Meaning = Pick<FailureFacts, 'kind' | 'hint' | 'retry'> & { readonly says: string };

const later = (says: string): Meaning => ({ kind: 'unavailable', says, retry: 'later' });
const unsupported: Meaning = { kind: 'unsupported', says: 'the server does not know the command' };
const encryption: Meaning = {
  kind: 'misconfigured',
  says: 'the server asks for another kind of encryption',
  hint: 'set MLSTOW_FTP_TLS to explicit, implicit or off, as the server has it',
};
const denied: Meaning = {
  kind: 'denied',
  says: 'the server refuses it',
  hint: 'check what the user may do there',
};
const full: Meaning = {
  kind: 'no-space',
  says: 'the server has no space left',
  hint: 'free some space and run it again',
};

/** Reply codes: RFC 959 section 4.2, RFC 2228 section 8. 550 stands for much; who can asks a second question first. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  421: later('the server ends the connection'),
  425: {
    ...later('the server cannot open a data connection'),
    hint: 'open its range of passive ports in the firewall',
  },
  426: later('the data connection was cut'),
  450: later('it is in use'),
  451: later('the server had an error of its own'),
  452: full,
  500: unsupported,
  501: { kind: 'invalid', says: 'the server does not take this name' },
  502: unsupported,
  504: unsupported,
  530: {
    kind: 'unauthenticated',
    says: 'the server wants another login',
    hint: 'check user and password; a server that wants encryption needs MLSTOW_FTP_TLS=explicit',
  },
  532: denied,
  533: encryption,
  534: encryption,
  535: encryption,
  536: encryption,
  550: denied,
  552: full,
  553: denied,
};

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
};

/** What the library says when no data connection came about, passive extended or not. */
const NO_DATA = /Can't open data connection|open data connection to/;

/** The code of a server's answer; undefined when it gave none. */
export function replyOf(thrown: unknown): number | undefined {
  return thrown instanceof FTPError ? thrown.code : undefined;
}

/** Whether a server said no for good (5yz), and not that the connection or the login is at its end. */
export function isRefusal(thrown: unknown): boolean {
  const code = replyOf(thrown) ?? 0;
  return code >= 500 && code !== 530 && !(code >= 533 && code <= 536);
}

/** Whether a server does not know a command or its parameter. */
export function isUnknownCommand(thrown: unknown): boolean {
  return [500, 501, 502, 504].includes(replyOf(thrown) ?? 0);
}

/**
 * A failed command or connection as a Failure, by reply code, or by the code of a system or TLS error. What has none
 * is a connection that ended. A Failure stays as it is.
 */
export function ftpFailure(thrown: unknown, { doing, subject, effect = 'none' }: Doing): Failure {
  if (thrown instanceof Failure) return thrown;
  const reply = replyOf(thrown);
  if (reply !== undefined) {
    const { says, ...facts } =
      MEANINGS[reply] ?? (reply < 500 ? later('the server had an error of its own') : denied);
    const message = `${doing} ${subject} failed: ${says} (${reply})`;
    return new Failure({ ...facts, message, subject, vendor: { code: String(reply) } }, thrown);
  }
  if (thrown instanceof Error && NO_DATA.test(thrown.message)) return noData(thrown, doing, subject);
  const code =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  if (/CERT|TLS|SSL|SIGNATURE|SIGNED|EPROTO/.test(code)) return tlsFailure(thrown, code, subject);
  return new Failure(
    {
      kind: 'unavailable',
      message: `${doing} ${subject} failed: ${REASONS[code] ?? 'the connection to the server ended'}`,
      subject,
      retry: 'later',
      effect,
      ...(code === '' || code === '0' ? {} : { vendor: { code } }),
    },
    thrown,
  );
}

/** The server named ports, and none of them was reached: the client's own 425. */
function noData(cause: Error, doing: string, subject: string): Failure {
  return new Failure(
    {
      kind: 'unavailable',
      message: `${doing} ${subject} failed: the ports for data that the server names cannot be reached`,
      hint: 'open its range of passive ports in every firewall on the way, and behind NAT have the server tell its public address',
      subject,
      retry: 'later',
      vendor: { code: '425' },
    },
    cause,
  );
}

function tlsFailure(thrown: unknown, code: string, subject: string): Failure {
  const otherHost = code === 'ERR_TLS_CERT_ALTNAME_INVALID';
  return new Failure(
    {
      kind: 'misconfigured',
      message: otherHost
        ? `the certificate of ${subject} is for another host name`
        : `${subject} cannot be reached by TLS (${code})`,
      hint: otherHost
        ? 'use a host name that the certificate names'
        : 'set SSL_CERT_FILE to a PEM file with the authority that signed its certificate, and check MLSTOW_FTP_TLS',
      subject,
      settings: ['net.caFile', 'ftp.tls', 'ftp.ignoreTls'],
      vendor: { code },
    },
    thrown,
  );
}

/** A refusal that needs no reply code. */
export function refusal(
  kind: FailureFacts['kind'],
  message: string,
  subject: string,
  hint?: string,
): Failure {
  return new Failure({ kind, message, subject, ...(hint === undefined ? {} : { hint }) });
}
