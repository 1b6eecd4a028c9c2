import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/core/duration.ts';
import { Failure } from '../../../src/core/failure.ts';

describe('parseDuration', () => {
  it.each([
    ['0d', 0],
    ['4s', 4000],
    ['8h', 28_800_000],
    ['2m4s', 124_000],
    ['2d8h5m20s', 201_920_000],
    ['1d2h3m4s', 93_784_000],
    ['1.5d', 129_600_000],
    ['.5h', 1_800_000],
    ['1.m', 60_000],
    ['0.0015s', 1],
    ['90m', 5_400_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '30',
    '1w',
    '2h1d',
    '-1d',
    ' 1d',
    '1d ',
    'd',
    '.d',
    '1.2.3d',
    '1d1d',
    '1D',
    '1d\n',
    '1e3s',
    'Infinityd',
    '500ms',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(Failure);
  });

  it('refuses a duration beyond what can be counted', () => {
    expect(() => parseDuration(`${'9'.repeat(20)}d`)).toThrow(Failure);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [250, '0.25s'],
    [30_000, '30s'],
    [93_784_000, '1d2h3m4s'],
    [604_800_000, '7d'],
  ])('shows %i ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same number of ms', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 * 365 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
      { numRuns: 2000 },
    );
  });
});
