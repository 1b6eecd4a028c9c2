import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/core/failure.ts';
import { createFilter } from '../../../../src/transfer/plan/filter.ts';

const NAMES = ['a.txt', 'A.TXT', 'b.bin', 'd/a.txt', 'd/b.bin', 'd/e/a.txt', '...', '#x', 'sp ace '];

function taken(include: readonly string[], exclude: readonly string[]): string[] {
  const filter = createFilter({ include, exclude });
  return NAMES.filter((name) => filter.takes(name));
}

describe('patterns', () => {
  it.each([
    ['nothing given', [], [], NAMES],
    ['a name anywhere', ['a.txt'], [], ['a.txt', 'd/a.txt', 'd/e/a.txt']],
    ['a name at the top', ['/a.txt'], [], ['a.txt']],
    ['a folder', ['d/'], [], ['d/a.txt', 'd/b.bin', 'd/e/a.txt']],
    ['any depth', ['d/**/a.txt'], [], ['d/a.txt', 'd/e/a.txt']],
    ['one depth', ['d/*.txt'], [], ['d/a.txt']],
    ['exclude beats include', ['*.txt'], ['d/'], ['a.txt']],
    ['a negated exclude', ['*.txt'], ['*.txt', '!a.txt'], ['a.txt', 'd/a.txt', 'd/e/a.txt']],
    ['a name in an excluded folder stays out', ['d'], ['d/e/', '!d/e/a.txt'], ['d/a.txt', 'd/b.bin']],
    ['odd names', ['...', String.raw`\#x`, String.raw`sp ace\ `], [], ['...', '#x', 'sp ace ']],
  ] as const)('%s', (_what, include, exclude, expected) => {
    expect(taken(include, exclude)).toEqual(expected);
  });

  it('prunes what is excluded whole, and keeps empty folders that match', () => {
    const filter = createFilter({ include: ['keep/'], exclude: ['tmp/'] });
    expect(['tmp', 'd/tmp', 'keep', 'other'].map((name) => filter.prunes(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(['tmp', 'keep', 'd/keep', 'other'].map((name) => filter.takesFolder(name))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('answers the same after very many names', () => {
    const filter = createFilter({ include: [], exclude: ['*7'] });
    let out = 0;
    for (let i = 0; i < 25_000; i += 1) if (!filter.takes(`d/f${i}`)) out += 1;
    expect(out).toBe(2500);
  });

  it.each(['', '  ', '/', '!', '!/', '#note', 'a\\'])('refuses %j, which matches nothing', (pattern) => {
    for (const patterns of [
      { include: [pattern], exclude: [] },
      { include: [], exclude: [pattern] },
    ]) {
      const create = () => createFilter(patterns);
      expect(create).toThrow(Failure);
      expect(create).toThrow(expect.objectContaining({ kind: 'usage' }) as Failure);
    }
  });
});
