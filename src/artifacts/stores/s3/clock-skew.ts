import type { Refusal } from './refusal.ts';

/** What servers say of a signature whose time is not theirs; S3 allows 15 minutes. */
const SKEWED = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
/** A smaller difference than this, in ms, is not what the server minds. */
const NOTABLE_MS = 60_000;

/**
 * By how much the server's clock is ahead of ours, in ms, when a refusal says that this is the matter and requests were
 * signed for another time by so far; undefined when it is something else, or when the server does not tell its time.
 */
export function skewTold(
  { code, date }: Pick<Refusal, 'code' | 'date'>,
  now: number,
  usedMs: number,
): number | undefined {
  if (!SKEWED.has(code) || date === undefined) return undefined;
  const skew = Date.parse(date) - now;
  return Math.abs(skew - usedMs) > NOTABLE_MS ? skew : undefined;
}

/** One sentence for people. */
export function skewWarning(host: string, skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  return (
    `this machine's clock is ${minutes} min ${side} that of ${host}; requests are signed with the server's time ` +
    `(set the clock: timedatectl set-ntp true)`
  );
}
