import { Failure } from '../../../core/failure.ts';
import { readTicket, type Ticket } from './ticket.ts';

/** Whose ticket is used. */
export interface KerberosOptions {
  /** As KRB5CCNAME holds it; unset: the default cache. */
  readonly ticketCache?: string;
  /** Principal to act as, of those in the cache. */
  readonly principal?: string;
}

const SETTINGS = ['hdfs.kerberosTicketCache', 'hdfs.kerberosUser'];

const REASONS: Readonly<Record<Ticket['state'], (ticket: Ticket) => string>> = {
  missing: ({ cache }) => `there is no Kerberos ticket in ${cache}`,
  expired: ({ principal, cache }) =>
    `the Kerberos ticket of ${principal ?? 'its principal'} in ${cache} has expired`,
  valid: ({ principal }) => `the Kerberos ticket of ${principal ?? 'its principal'} was not taken`,
  unknown: () => 'no Kerberos ticket could be used',
};

/** Whether two principals are two: a name without a realm is one of any. */
export function isAnother(asked: string | undefined, found: string | undefined): boolean {
  if (asked === undefined || found === undefined) return false;
  return asked.includes('@') ? asked !== found : asked !== found.split('@')[0];
}

/** Why nobody could log in to `host`: what `klist` says of the cache, and what to type. */
export async function noTicket(host: string, options: KerberosOptions, cause: unknown): Promise<Failure> {
  const ticket = await readTicket(options.ticketCache);
  const { principal } = options;
  const who = principal ?? ticket.principal ?? 'USER@REALM';
  const another = isAnother(principal, ticket.principal);
  const reason = another
    ? `${ticket.cache} holds the ticket of ${ticket.principal ?? ''}, not of ${principal ?? ''}`
    : REASONS[ticket.state](ticket);
  return new Failure(
    {
      kind: 'unauthenticated',
      message: `cannot log in to ${host}: ${reason}`,
      subject: host,
      hint:
        ticket.state === 'valid' && !another
          ? `check that the KDC knows HTTP/${host.replace(/:\d+$/, '')}, and MLFLOW_KERBEROS_USER`
          : `kinit ${who}, and MLFLOW_KERBEROS_TICKET_CACHE if it is not in the default cache`,
      settings: SETTINGS,
    },
    cause,
  );
}
