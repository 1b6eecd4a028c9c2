import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBoth } from '../../../src/artifacts/read-both.ts';
import { readerAt, type ArtifactReader } from '../../../src/artifacts/reader.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import type { Traits } from '../../../src/artifacts/store.ts';
import { createMemoryStore, MemoryContent } from '../../conformance/artifact-store/memory-store.ts';
import { at, bytesOf } from '../../conformance/artifact-store/pattern.ts';
import { failureOf, io } from './rig.ts';

function holding(files: readonly string[], says: string, traits: Partial<Traits> = {}): ArtifactStore {
  const content = new MemoryContent();
  for (const file of files) content.set(file, Buffer.from(says));
  return createMemoryStore(traits, { content });
}

async function listed(reader: ArtifactReader, recursive = true): Promise<string[]> {
  const found: string[] = [];
  for await (const page of reader.list('', { recursive }, io)) found.push(...page.map(({ path }) => path));
  return found;
}

const text = async (reader: ArtifactReader, path: string): Promise<string> =>
  (await bytesOf(await reader.read(path === '' ? '' : at(path), {}, io))).toString();

describe('a store from one of its paths down', () => {
  it('shows what is below, relative to it', async () => {
    const store = holding(['m/a', 'm/b/c', 'mm/d'], 'x');
    expect(await listed(readerAt(store, at('m')))).toEqual(['a', 'b/c']);
    expect(await listed(readerAt(store, ''), false)).toEqual(['m', 'mm']);
    expect(await text(readerAt(store, at('m')), 'b/c')).toBe('x');
  });

  it('is a file, or nothing, at its own path', async () => {
    const store = holding(['m/a'], 'x');
    const file = readerAt(store, at('m/a'));
    expect((await file.root(io))?.kind).toBe('file');
    expect(await listed(file)).toEqual([]);
    expect(await text(file, '')).toBe('x');
    expect(await readerAt(store, at('none')).root(io)).toBeUndefined();
    expect(await readerAt(store, '').root(io)).toBeUndefined();
    expect((await failureOf(readerAt(store, '').read('', {}, io))).kind).toBe('wrong-kind');
  });
});

describe('two places of one run', () => {
  function both(
    first: readonly string[],
    second: readonly string[],
    under = '',
    traits: Partial<Traits> = {},
  ): { readonly reader: ArtifactReader; readonly twice: string[] } {
    const twice: string[] = [];
    const path = under === '' ? '' : at(under);
    const reader = readBoth(
      readerAt(holding(first, 'tag', traits), path),
      readerAt(holding(second, 'own', traits), path),
      (name) => twice.push(name),
    );
    return { reader, twice };
  }

  it('list each entry once and read the copy of the first', async () => {
    const { reader, twice } = both(['a', 'd/x'], ['a', 'b', 'd/y']);
    expect(await listed(reader)).toEqual(['a', 'b', 'd/x', 'd/y']);
    expect(twice).toEqual(['a']);
    expect(await text(reader, 'a')).toBe('tag');
    expect(await text(reader, 'b')).toBe('own');
    expect(await text(reader, 'd/y')).toBe('own');
  });

  it('list a folder of both once, without a warning', async () => {
    const { reader, twice } = both(['d/x'], ['d/y', 'e/z']);
    expect(await listed(reader, false)).toEqual(['d', 'e']);
    expect(twice).toEqual([]);
    const real = both(['d/x'], ['d/y'], '', { directories: 'real' });
    expect(real.twice).toEqual([]);
  });

  it('show the kind of the first where a file meets a folder', async () => {
    const file = both(['a'], ['a/b', 'a/c/d']);
    expect(await listed(file.reader)).toEqual(['a']);
    expect(file.twice).toEqual(['a/b', 'a/c/d']);
    const folder = both(['a/b'], ['a']);
    expect(await listed(folder.reader)).toEqual(['a/b']);
    expect(folder.twice).toEqual(['a']);
  });

  it.each([
    ['a.b', 'a/c'],
    ['a!', 'a.b', 'a/c'],
    ['a/c', 'a0'],
  ])('hide a file of the second by a folder of the first, whatever comes between', async (...first) => {
    const { reader, twice } = both(first, ['a', 'a/d', 'a!!']);
    expect(await listed(reader)).toEqual([...first, 'a!!', 'a/d'].sort());
    expect(twice).toEqual(['a']);
    expect(await text(reader, 'a!!')).toBe('own');
  });

  it('list what the two hold as one would that held both, the first winning, in any order of theirs', async () => {
    const name = fc.array(fc.constantFrom('a', 'a.b', 'a!', 'ab', 'b'), { minLength: 1, maxLength: 3 });
    const names = fc.uniqueArray(
      name.map((parts) => parts.join('/')),
      { maxLength: 8 },
    );
    // A file system holds no file and folder of one name.
    const sane = names.map((all) => all.filter((one) => !all.some((two) => two.startsWith(`${one}/`))));
    const order = fc.constantFrom<Traits['order']>('path', 'none');
    await fc.assert(
      fc.asyncProperty(sane, sane, order, fc.boolean(), async (mine, theirs, traitOrder, recursive) => {
        const { reader, twice } = both(mine, theirs, '', { order: traitOrder });
        const isHidden = (path: string) =>
          mine.some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`));
        const kept = theirs.filter((path) => !isHidden(path));
        const tops = (all: readonly string[]) => [...new Set(all.map((path) => path.split('/')[0] ?? ''))];
        const visible = [...mine, ...kept];
        expect((await listed(reader, recursive)).sort()).toEqual(
          (recursive ? visible : tops([...mine, ...theirs])).sort(),
        );
        if (recursive) expect(twice.sort()).toEqual(theirs.filter(isHidden).sort());
        for (const path of recursive ? visible : [])
          expect(await text(reader, path)).toBe(mine.includes(path) ? 'tag' : 'own');
      }),
    );
  });

  it('read what was listed long ago from the one that has it', async () => {
    const many = Array.from({ length: 20_100 }, (_, index) => `f${String(index).padStart(6, '0')}`);
    const { reader } = both(['a', 'z'], ['b', ...many]);
    expect(await listed(reader)).toHaveLength(20_103);
    expect([await text(reader, 'a'), await text(reader, 'b')]).toEqual(['tag', 'own']);
  });

  it('have the root of the first that has one, a folder of the first before a file of the second', async () => {
    expect((await both(['f'], ['f'], 'f').reader.root(io))?.kind).toBe('file');
    const second = both([], ['f'], 'f').reader;
    expect((await second.root(io))?.kind).toBe('file');
    expect(await text(second, '')).toBe('own');
    expect(await both(['f/x'], ['f'], 'f').reader.root(io)).toBeUndefined();
    expect(await both([], [], 'f').reader.root(io)).toBeUndefined();
  });

  it('ask only the one that listed a file; for one not listed the second is asked when the first has none', async () => {
    const { reader } = both(['a'], ['b']);
    expect([await text(reader, 'a'), await text(reader, 'b')]).toEqual(['tag', 'own']);
    expect((await failureOf(reader.read(at('c'), {}, io))).kind).toBe('not-found');
    const noisy: ArtifactReader = {
      ...readerAt(holding([], 'tag'), ''),
      read: async () => Promise.reject(new Error('an absent object is a 500 here')),
    };
    const quiet = readBoth(noisy, readerAt(holding(['b'], 'own'), ''), () => undefined);
    await listed(quiet);
    expect(await text(quiet, 'b')).toBe('own');
  });
});
