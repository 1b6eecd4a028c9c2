import { Failure } from '../core/failure.ts';
import type { Entry, Precondition } from './store.ts';

/** What it means that a write's precondition does not hold: `exists`, or `changed`. `subject` is a redacted URI. */
export function unmet(when: Precondition, subject: string, cause?: unknown): Failure {
  return 'absent' in when
    ? new Failure({ kind: 'exists', message: `${subject} is there already`, subject }, cause)
    : new Failure({ kind: 'changed', message: `${subject} is another one by now`, subject }, cause);
}

/**
 * Looks before a write whether its precondition holds: a server may ignore the condition that travels with the write,
 * which alone makes it atomic.
 * @throws Failure exists, changed, and those of `look`
 */
export async function checkPrecondition(
  when: Precondition | undefined,
  subject: string,
  look: () => Promise<Entry | undefined>,
): Promise<void> {
  if (when === undefined) return;
  const entry = await look();
  const met = 'absent' in when ? entry === undefined : entry?.version?.id === when.version.id;
  if (!met) throw unmet(when, subject);
}

/**
 * Runs a write whose request carries the precondition; the server's 412 (RFC 9110 section 15.5.13) is told as what it means.
 * @throws Failure exists, changed, and those of `send`
 */
export async function underPrecondition<T>(
  when: Precondition | undefined,
  subject: string,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (thrown) {
    const refused = thrown instanceof Failure && thrown.facts.vendor?.status === 412;
    throw refused && when !== undefined ? unmet(when, subject, thrown) : thrown;
  }
}
