import { Failure } from './failure.ts';

const NUMBER = String.raw`(\d+\.?\d*|\.\d+)`;
const DURATION = new RegExp(`^(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m)?(?:${NUMBER}s)?$`);
/** Microseconds of a day, an hour, a minute and a second: the precision of Python's timedelta. */
const MICROS = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000] as const;

/**
 * Milliseconds from mlflow's `--older-than` grammar: days, hours, minutes, seconds in this order, each at most once,
 * fractions allowed: `8h`, `1d2h3m4s`, `1.5d`, `0d`. Empty text, a bare number, other units, a sign, spaces and another
 * order are refused.
 * @throws Failure invalid
 */
export function parseDuration(text: string): number {
  const match = text === '' ? null : DURATION.exec(text);
  const parts: readonly (string | undefined)[] = match?.slice(1) ?? ['NaN'];
  const micros = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * (MICROS[i] ?? 0), 0);
  const ms = Math.floor(Math.round(micros) / 1000);
  if (Number.isSafeInteger(ms)) return ms;
  throw new Failure({
    kind: 'invalid',
    message: `${JSON.stringify(text)} is not a duration`,
    subject: text,
    hint: 'write days, hours, minutes and seconds in this order, such as 8h, 2d8h5m20s or 1.5d',
  });
}

/** A duration in the same grammar, `parseDuration` gives back the same whole number of ms: `0s`, `0.25s`, `1d2h3m4s`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const seconds = (whole % 60_000) / 1000;
  const minutes = Math.floor(whole / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'm'],
    [seconds, 's'],
  ] as const;
  return (
    parts
      .filter(([value]) => value > 0)
      .map(([value, unit]) => `${value}${unit}`)
      .join('') || '0s'
  );
}
