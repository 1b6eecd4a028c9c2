import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaths } from '../../../src/core/order.ts';

const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('a', '/', '.', '!', '\ud7ff', '\ue000', '\uffff', '😀', '𐀀'))
    .map((c) => c.join('')),
);

describe('comparePaths', () => {
  it('orders as the UTF-8 bytes do, a directory as name/', () => {
    fc.assert(
      fc.property(names, names, fc.boolean(), fc.boolean(), (a, b, aIsDirectory, bIsDirectory) => {
        const bytes = (name: string, isDirectory: boolean): Buffer =>
          Buffer.from(isDirectory ? `${name}/` : name);
        const expected = Buffer.compare(bytes(a, aIsDirectory), bytes(b, bIsDirectory));
        expect(Math.sign(comparePaths(a, b, aIsDirectory, bIsDirectory))).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('differs from UTF-16 order above U+FFFF', () => {
    expect(comparePaths('\uffff', '😀')).toBeLessThan(0);
    expect(['😀', '\uffff'].sort()).toEqual(['😀', '\uffff']);
    expect(['😀', '\uffff'].sort((a, b) => comparePaths(a, b))).toEqual(['\uffff', '😀']);
  });

  it('puts a.b before the directory a', () => {
    expect(comparePaths('a.b', 'a', false, true)).toBeLessThan(0);
    expect(comparePaths('a.b', 'a', false, false)).toBeGreaterThan(0);
    expect(comparePaths('a/b', 'a/b')).toBe(0);
  });
});
