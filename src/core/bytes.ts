import { Failure } from './failure.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const SIZE = /^(\d+(?:\.\d+)?)([kmgtp]?)(i?)(b?)$/i;

/** A number of bytes for people: `0 B`, `1023 B`, `1.5 KiB`, `50.0 MiB`; powers of 1024. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  // 1023.96 would print as "1024.0": the next unit says the same better.
  if (unit > 0 && unit < UNITS.length - 1 && Math.abs(value) >= 1023.95) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${UNITS[unit] ?? 'B'}`;
}

function refuse(text: string, why: string): Failure {
  return new Failure({
    kind: 'invalid',
    message: `${JSON.stringify(text)} is not a size: ${why}`,
    subject: text,
    hint: 'write a number of bytes, or one with K, M, G, T or P (powers of 1024), such as 50M or 1.5GiB',
  });
}

/**
 * Bytes from text: a bare number is bytes; K, M, G, T, P (also `Ki`, `KiB`, any case) are powers of 1024, as rclone's
 * `--bwlimit 50M`. `50MB` is refused, since it means 1000 to some and 1024 to others. Fractions are rounded down.
 * @throws Failure invalid
 * @see https://rclone.org/docs/#size-options
 */
export function parseBytes(text: string): number {
  const match = SIZE.exec(text);
  if (!match) throw refuse(text, 'it has another form');
  const [, number = '', prefix = '', binary = '', byte = ''] = match;
  if (prefix === '' && binary !== '') throw refuse(text, 'it has another form');
  if (prefix !== '' && binary === '' && byte !== '') {
    throw refuse(text, `${prefix}B may mean powers of 1000 or of 1024`);
  }
  const power = prefix === '' ? 0 : ' kmgtp'.indexOf(prefix.toLowerCase());
  const bytes = Math.floor(Number(number) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw refuse(text, 'it is too large');
  return bytes;
}
