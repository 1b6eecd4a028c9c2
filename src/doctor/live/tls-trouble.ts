import { Failure } from '../../core/failure.ts';

const TLS = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/;

/** The failure, when a connection failed because of a certificate or of TLS itself. */
export function tlsTrouble(thrown: unknown): Failure | undefined {
  if (!(thrown instanceof Failure)) return undefined;
  return TLS.test(thrown.facts.vendor?.code ?? '') ? thrown : undefined;
}
