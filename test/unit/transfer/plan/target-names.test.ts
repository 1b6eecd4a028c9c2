import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readerAt } from '../../../../src/artifacts/reader.ts';
import type { DownloadFile, Planned } from '../../../../src/transfer/items.ts';
import { planDownload } from '../../../../src/transfer/plan/download-plan.ts';
import { createFilter } from '../../../../src/transfer/plan/filter.ts';
import { holdClashes } from '../../../../src/transfer/plan/hold-clashes.ts';
import {
  createFolding,
  foldingOf,
  refuseFolded,
  type Blind,
} from '../../../../src/transfer/plan/target-names.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at } from '../../../conformance/artifact-store/pattern.ts';
import { io, temporaryFolder } from '../rig.ts';
import { wordsOf } from './words.ts';

type Items = AsyncIterable<Planned<DownloadFile>>;

function planOf(
  names: readonly string[],
  order: 'path' | 'none' = 'path',
  exclude: readonly string[] = [],
): Items {
  const content = new MemoryContent();
  for (const name of names) content.set(name, Buffer.from('x'));
  const store = createMemoryStore({ order }, { content });
  const filter = createFilter({ include: [], exclude });
  return planDownload(readerAt(store, ''), { folder: '/to', name: at('n'), filter }, io);
}

describe('names that are a file and a folder', () => {
  it.each(['path', 'none'] as const)('are told apart (order: %s)', async (order) => {
    const names = ['a', 'a!', 'a!/x', 'a!b', 'a.b', 'a/b', 'a/b!', 'a/b/c', 'aa', 'b', 'b.c', 'c!', 'd'];
    const words = await wordsOf(holdClashes(planOf(names, order), 'memory'));
    expect(words.toSorted()).toEqual(
      [
        'folder n',
        'exists a',
        'exists a!',
        'exists a/b',
        ...['a!/x', 'a!b', 'a.b', 'a/b!', 'a/b/c', 'aa', 'b', 'b.c', 'c!', 'd'].map(
          (name) => `overwrite n/${name}`,
        ),
      ].toSorted(),
    );
  });

  it('are no trouble when one of the two is left out', async () => {
    const words = await wordsOf(holdClashes(planOf(['a', 'a/b'], 'path', ['a/']), 'memory'));
    expect(words).toEqual(['folder n', 'excluded a/b', 'overwrite n/a']);
  });

  it('are not collected: few items are held back', async () => {
    const content = Array.from({ length: 5000 }, (_, i) => `a!${String(i).padStart(5, '0')}`);
    let given = 0;
    let most = 0;
    const counting = async function* (
      items: Items,
    ): Items extends AsyncIterable<infer T> ? AsyncGenerator<T> : never {
      for await (const item of items) {
        given += 1;
        yield item;
      }
    };
    let got = 0;
    for await (const item of holdClashes(counting(planOf(['a', ...content])), 'memory')) {
      got += 1;
      most = Math.max(most, given - got);
      expect(item.kind).not.toBe('trouble');
    }
    expect(got).toBe(5002);
    expect(most).toBeLessThan(4);
  });
});

describe('names that a file system does not tell apart', () => {
  const all: Blind = { toCase: true, toForm: true, toEnd: true };
  const none: Blind = { toCase: false, toForm: false, toEnd: false };

  it.each([
    ['case', { ...none, toCase: true }, ['README', 'readme'], ['é', 'e\u0301']],
    ['case beyond ASCII', { ...none, toCase: true }, ['ÄÖ/x', 'äö/x'], ['a', 'a.']],
    ['normal form', { ...none, toForm: true }, ['é', 'e\u0301'], ['A', 'a']],
    ['the end', { ...none, toEnd: true }, ['d/a', 'd. /a..'], ['A', 'a']],
    ['everything', all, ['É/a', 'e\u0301./A '], ['a', 'b']],
  ] as const)('%s', (_what, blind, [one, other], [apart, too]) => {
    const folding = createFolding(blind);
    expect(folding?.(one)).toBe(folding?.(other));
    expect(folding?.(apart)).not.toBe(folding?.(too));
  });

  it('costs nothing where all names are told apart, and leaves nothing behind', async () => {
    expect(createFolding(none)).toBeUndefined();
    const folder = await temporaryFolder();
    expect(await foldingOf(join(folder, 'not/yet'))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    await chmod(folder, 0o500);
    expect(await foldingOf(folder)).toBeUndefined();
    await chmod(folder, 0o700);
  });

  it('loses the second of two, naming both', async () => {
    const folding = createFolding(all);
    const items = refuseFolded(planOf(['A', 'B', 'a', 'b/c', 'd/E', 'd/e']), folding!, '/to');
    const troubles: string[] = [];
    const words: string[] = [];
    for await (const item of items) {
      if (item.kind === 'trouble') troubles.push(`${item.failure.kind}: ${item.failure.message}`);
      else if (item.kind === 'file') words.push(item.file.name);
    }
    expect(words).toEqual(['n/A', 'n/B', 'n/b/c', 'n/d/E']);
    expect(troubles).toEqual([
      'exists: n/a and n/A are one name to the file system of /to; only n/A is fetched',
      'exists: n/d/e and n/d/E are one name to the file system of /to; only n/d/E is fetched',
    ]);
  });
});
