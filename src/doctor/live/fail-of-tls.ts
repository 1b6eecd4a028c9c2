import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { peerCertificate, type PeerCertificate } from '../../net/peer-certificate.ts';
import { fail, type Finding } from '../finding.ts';
import { failWith } from './fail-with.ts';

/** How long the second look at a certificate may take, in ms. */
const LOOK_MS = 2_000;
const URI = /https:\/\/[^/\s?#]+/;

/** The address that a connection failed at, as the failure or what caused it names it. */
function addressOf(thrown: unknown): URL | undefined {
  if (!(thrown instanceof Failure)) return undefined;
  const found = URI.exec(thrown.facts.subject)?.[0];
  return found === undefined ? addressOf(thrown.cause) : new URL(found);
}

/** The certificate that a connection failed at, looked at once more; undefined where it cannot be. */
export async function certificateBehind(trouble: Failure, io: Io): Promise<PeerCertificate | undefined> {
  const address = addressOf(trouble);
  return address && peerCertificate(address, LOOK_MS, io.signal);
}

/**
 * The finding for a certificate that was refused. That it has expired is told also where its authority is unknown, which
 * is all that TLS tells then.
 */
export function failOfTls(
  trouble: Failure,
  certificate: PeerCertificate | undefined,
  { usual, now, subject }: { readonly usual: string; readonly now: number; readonly subject?: string },
): Finding {
  if (!certificate || Date.parse(certificate.validTo) > now) return failWith(trouble, usual, subject);
  const { issuer, validTo, selfSigned } = certificate;
  const host = addressOf(trouble)?.host ?? trouble.facts.subject;
  const ended = `the certificate of ${host} has expired: it ended on ${validTo}`;
  const by = selfSigned ? 'nobody but itself' : issuer;
  const told = `${ended}, and is signed by ${by}`;
  if (trouble.facts.vendor?.code !== 'CERT_HAS_EXPIRED')
    return fail(`${told}, which is not trusted here either`, `renew it on ${host}, then ${usual}`, subject);
  const renew = `renew it on ${host}; if it is in force, this machine's clock is wrong`;
  return fail(told, selfSigned ? `renew it on ${host}, then ${usual}` : renew, subject);
}
