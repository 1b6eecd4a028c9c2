/** What `klist` says of a ticket cache. */
export interface Ticket {
  /** `unknown`: there is no `klist`. */
  readonly state: 'valid' | 'expired' | 'missing' | 'unknown';
  /** Whose it is. */
  readonly principal?: string;
  /** Its name, for messages. */
  readonly cache: string;
}

const COMMAND = 'klist';

/**
 * Looks at a ticket cache, for a message: `klist -s` tells by its exit code whether there is a ticket that has not
 * expired, `klist` names its principal.
 * @see https://web.mit.edu/kerberos/krb5-latest/doc/user/user_commands/klist.html
 */
export async function readTicket(ticketCache: string | undefined): Promise<Ticket> {
  const { execa } = await import('execa');
  const cache = ticketCache ?? 'the default cache';
  const which = ticketCache === undefined ? [] : ['-c', ticketCache];
  const run = async (args: readonly string[]) =>
    execa(COMMAND, args, { reject: false, stdin: 'ignore', timeout: 5_000, env: { LC_ALL: 'C' } });
  const silent = await run(['-s', ...which]);
  if (silent.exitCode === undefined) return { state: 'unknown', cache };
  const principal = /^Default principal: (\S+)/m.exec((await run(which)).stdout)?.[1];
  const told = principal === undefined ? {} : { principal };
  if (silent.exitCode === 0) return { state: 'valid', cache, ...told };
  return { state: principal === undefined ? 'missing' : 'expired', cache, ...told };
}
