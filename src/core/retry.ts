import type { Clock } from './clock.ts';
import type { Io } from './io.ts';
import { asFailure, type Failure } from './failure.ts';

/** How often and how patiently a failed attempt is repeated. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxRetries: number;
  /** The wait before the second retry is 2 × this, doubling from there, in ms; the first retry comes at once. */
  readonly backoffMs: number;
  /** Upper bound of the random addition to each wait, in ms. */
  readonly jitterMs: number;
  /** Upper bound of one wait, in ms. */
  readonly maxWaitMs: number;
  /** Whether a server's Retry-After replaces our own wait. */
  readonly respectRetryAfter: boolean;
}

/** One operation as the retry loop sees it. */
export interface Attempt<T> {
  /** Redacted, for the message that each retry gives. */
  readonly subject: string;
  /** Whether repeating is harmless when the first try may have happened. */
  readonly repeatable: boolean;
  run(): Promise<T>;
}

/** The wait before retry `n` (from 1), as urllib3 computes it: 0, 2f, 4f, 8f, … plus jitter. */
export function waitBefore(n: number, policy: RetryPolicy, failure: Failure, random: () => number): number {
  if (policy.respectRetryAfter && failure.facts.retryAfterMs !== undefined) return failure.facts.retryAfterMs;
  const backoff = n <= 1 ? 0 : policy.backoffMs * 2 ** (n - 1);
  return Math.min(backoff, policy.maxWaitMs) + random() * policy.jitterMs;
}

function mayRepeat(failure: Failure, repeatable: boolean): boolean {
  return failure.retry === 'later' && (repeatable || failure.effect === 'none');
}

/** What damages bytes again and again does so always, and each try costs all of them. */
const MOST_RETRIES_OF_CORRUPT = 2;

function mostRetries({ kind }: Failure, { maxRetries }: RetryPolicy): number {
  return kind === 'corrupt' ? Math.min(maxRetries, MOST_RETRIES_OF_CORRUPT) : maxRetries;
}

/**
 * Counts the retries of one thing. What is returned is called with what a try failed with: it tells a `retry` event and
 * waits, and resolves when the next try is due.
 * @throws Failure what it was called with, where trying again does not help; `exhausted` when every retry was used
 */
export function countRetries(
  policy: RetryPolicy,
  { subject, repeatable }: Pick<Attempt<unknown>, 'subject' | 'repeatable'>,
  clock: Clock,
  random: () => number = Math.random,
): (thrown: unknown, io: Io) => Promise<void> {
  let retry = 0;
  return async (thrown, io) => {
    const failure = asFailure(thrown, subject);
    if (!mayRepeat(failure, repeatable) || io.signal.aborted) throw failure;
    const of = mostRetries(failure, policy);
    retry += 1;
    if (retry > of) throw failure.with({ retry: 'exhausted' });
    const waitMs = waitBefore(retry, policy, failure, random);
    io.trace?.('retry', { subject, retry, of, waitMs: Math.round(waitMs), reason: failure.message });
    await clock.sleep(waitMs, io.signal);
  };
}

/**
 * Runs an attempt until it succeeds, fails for good or was retried often enough; tells a `retry` event before each wait.
 * @throws Failure the last one; `exhausted` when every retry was used
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  attempt: Attempt<T>,
  clock: Clock,
  io: Io,
  random: () => number = Math.random,
): Promise<T> {
  const again = countRetries(policy, attempt, clock, random);
  for (;;) {
    try {
      return await attempt.run();
    } catch (thrown) {
      await again(thrown, io);
    }
  }
}
