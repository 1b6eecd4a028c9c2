import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, parseBytes } from '../../../src/core/bytes.ts';
import { Failure } from '../../../src/core/failure.ts';

const K = 1024;

describe('parseBytes', () => {
  it.each([
    ['0', 0],
    ['104857600', 104_857_600],
    ['7B', 7],
    ['1k', K],
    ['50M', 50 * K ** 2],
    ['50Mi', 50 * K ** 2],
    ['50MiB', 50 * K ** 2],
    ['1.5G', 1.5 * K ** 3],
    ['2T', 2 * K ** 4],
    ['1p', K ** 5],
  ])('reads %s as %i', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each([
    '',
    ' ',
    '50MB',
    '1KB',
    '-1',
    '1 M',
    '1i',
    '1iB',
    'M',
    '1.M',
    '.5G',
    '1e3',
    '5Q',
    '99999P',
    '1M\n',
    '0x10',
  ])('refuses %j', (text) => {
    expect(() => parseBytes(text)).toThrow(Failure);
  });

  it('reads every whole number of bytes in any unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7000 }),
        fc.constantFrom('K', 'M', 'G', 'T'),
        fc.constantFrom('', 'i', 'iB'),
        (n, unit, rest) => {
          const power = 'KMGT'.indexOf(unit) + 1;
          expect(parseBytes(`${n}${unit}${rest}`)).toBe(n * K ** power);
          expect(parseBytes(`${n}${unit}${rest}`.toLowerCase())).toBe(n * K ** power);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [K, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [K ** 2 - 1, '1.0 MiB'],
    [50 * K ** 2, '50.0 MiB'],
    [3 * K ** 5, '3.0 PiB'],
    [2 ** 63, '8192.0 PiB'],
  ])('shows %i as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('never shows 1024 of a unit that has a larger one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (n) => {
        expect(formatBytes(n)).not.toMatch(/^1024/);
      }),
      { numRuns: 1000 },
    );
  });
});
