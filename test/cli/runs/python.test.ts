import { afterEach, expect, test } from 'vitest';
import { localDate } from '../../../src/cli/render/local-date.ts';
import { pythonFloat, pythonJson } from '../../../src/cli/render/python.ts';

test.each([
  [1, '1.0'],
  [-0, '-0.0'],
  [0.1, '0.1'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [5e-324, '5e-324'],
  [123456789012345.6, '123456789012345.6'],
  [9999999999999998, '9999999999999998.0'],
  [1e16, '1e+16'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
])('%d is written as Python writes the float', (value, written) => {
  expect(pythonFloat(value)).toBe(written);
});

test('JSON is written as Python writes it', () => {
  expect(pythonJson({ a: [], b: {}, c: [1, null, true], 'ü\u007f😀': '"\n' }, 2)).toBe(
    [
      '{',
      '  "a": [],',
      '  "b": {},',
      '  "c": [',
      '    1,',
      '    null,',
      '    true',
      '  ],',
      String.raw`  "\u00fc\u007f\ud83d\ude00": "\"\n"`,
      '}',
    ].join('\n'),
  );
});

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const WINTER = Date.UTC(2026, 0, 2, 3, 4, 5);
test.each([
  ['UTC', WINTER, '2026-01-02 03:04:05 UTC'],
  ['Europe/Berlin', WINTER, '2026-01-02 04:04:05 CET'],
  ['Europe/Berlin', Date.UTC(2026, 6, 1), '2026-07-01 02:00:00 CEST'],
  ['America/New_York', WINTER, '2026-01-01 22:04:05 EST'],
  ['Asia/Kolkata', WINTER, '2026-01-02 08:34:05 IST'],
  ['Asia/Tokyo', WINTER, '2026-01-02 12:04:05 JST'],
  ['America/Sao_Paulo', WINTER, '2026-01-02 00:04:05 -03'],
  ['Asia/Kathmandu', WINTER, '2026-01-02 08:49:05 +0545'],
])('in %s the date %d is %s', (name, time, shown) => {
  process.env['TZ'] = name;
  expect(localDate(time)).toBe(shown);
});
