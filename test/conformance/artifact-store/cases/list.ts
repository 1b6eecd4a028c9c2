import { beforeAll, describe, expect, test } from 'vitest';
import type { ArtifactPath } from '../../../../src/core/artifact-path.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { freshRoot, type ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import type { FaultPlan } from '../faulty.ts';
import { fill } from '../fill.ts';
import { openCase, throughLayers } from '../open-case.ts';
import { at, entriesOf, filesOf, get, put } from '../pattern.ts';

/** In the order of listings: U+FFEE before U+1F600, which UTF-16 has the other way round. */
const TREE = ['a.b', 'a/one', 'a/two/deep', 'a0', 'foo/x', 'foobar/y', 'z', 'é', '\uffee', '\u{1f600}'];

/** For writing 3,500 entries to a slow server, in ms. */
const FILL_MS = 900_000;

function failing(kind: 'denied' | 'unavailable', when: (nth: number) => boolean): FaultPlan {
  const retry = kind === 'denied' ? 'never' : 'later';
  return (verb, nth) =>
    verb === 'page' && when(nth)
      ? { before: new Failure({ kind, message: 'the page does not come', subject: '', retry }) }
      : undefined;
}

export function listCases(bed: ArtifactStoreBed): void {
  test('10. an empty root and an absent prefix give no pages', async () => {
    const case_ = await openCase(bed);
    expect(await entriesOf(case_)).toEqual([]);
    await put(case_, 'here/file', 'x');
    expect(await entriesOf(case_, 'there')).toEqual([]);
    expect(await entriesOf(case_, 'here/file/below')).toEqual([]);
  });

  test('11. a file has nothing under it', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'file', 'x');
    await put(case_, 'file2', 'x');
    expect(await entriesOf(case_, 'file')).toEqual([]);
    expect(await entriesOf(case_, 'file', false)).toEqual([]);
  });

  describe('of a tree', () => {
    const root = freshRoot();
    const open = async (plan?: FaultPlan) => throughLayers(await bed.open(root), root, { plan });
    beforeAll(async () => {
      const case_ = await open();
      for (const name of TREE) await put(case_, name, name);
    });

    test('12. a directory does not list its longer-named sibling', async () => {
      expect(await filesOf(await open(), 'foo')).toEqual(['foo/x']);
    });

    test('13. direct children only; recursive is the union of the walks', async () => {
      const case_ = await open();
      const children = await entriesOf(case_, 'a', false);
      expect(children.map(({ path, kind }) => [path, kind]).toSorted()).toEqual([
        ['a/one', 'file'],
        ['a/two', 'directory'],
      ]);
      expect(children.find(({ kind }) => kind === 'file')?.size).toBe(5);
      const walk = async (under: string): Promise<string[]> => {
        const here = await entriesOf(case_, under, false);
        const below = here.filter(({ kind }) => kind === 'directory').map(({ path }) => path);
        const deeper = await Promise.all(below.map(walk));
        return [...here.filter(({ kind }) => kind === 'file').map(({ path }) => path), ...deeper.flat()];
      };
      expect((await filesOf(case_)).toSorted()).toEqual(TREE.toSorted());
      expect((await walk('')).toSorted()).toEqual(TREE.toSorted());
    });

    if (bed.traits.directories === 'real') {
      test('13b. a recursive listing names directories before what is in them', async () => {
        const paths = (await entriesOf(await open(), 'a')).map(({ path, kind }) => `${kind} ${path}`);
        expect(paths).toEqual(['file a/one', 'directory a/two', 'file a/two/deep']);
      });
    }

    if (bed.traits.order === 'path') {
      test('14. entries come in the order of UTF-8 bytes, a directory as name/', async () => {
        const entries = await entriesOf(await open());
        expect(entries.filter(({ kind }) => kind === 'file').map(({ path }) => path)).toEqual(TREE);
        const children = (await entriesOf(await open(), '', false)).map(({ path }) => path);
        expect(children).toEqual(['a.b', 'a', 'a0', 'foo', 'foobar', 'z', 'é', '\uffee', '\u{1f600}']);
      });

      test.each([true, false])('16. after any entry the rest follows (recursive %s)', async (recursive) => {
        const case_ = await open();
        const entries = await entriesOf(case_, '', recursive);
        expect(entries.length).toBeGreaterThan(7);
        for (const [index, { path }] of entries.entries()) {
          const rest: string[] = [];
          for await (const page of case_.store.list('', { recursive, after: path }, case_.io)) {
            rest.push(...page.map((entry) => entry.path));
          }
          expect(rest, `after ${path}`).toEqual(entries.slice(index + 1).map((entry) => entry.path));
        }
      });
    }
  });

  describe('of 3,500 entries', () => {
    const root = freshRoot();
    const names = Array.from({ length: 3_500 }, (_, i) => `d${i % 7}/f${String(i).padStart(5, '0')}`);
    const open = async (plan?: FaultPlan) => throughLayers(await bed.open(root), root, { plan });
    beforeAll(async () => fill(bed, await open(), names), FILL_MS);

    test('15. come each once, over several pages', async () => {
      const case_ = await open();
      let pages = 0;
      const seen: string[] = [];
      for await (const page of case_.store.list('', { recursive: true }, case_.io)) {
        pages += 1;
        seen.push(...page.filter(({ kind }) => kind === 'file').map(({ path }) => path));
      }
      expect(pages).toBeGreaterThan(1);
      expect(seen.toSorted()).toEqual(names.toSorted());
    });

    test('17. a page that fails for good ends the listing with its failure', async () => {
      await expectFailure(entriesOf(await open(failing('denied', (nth) => nth >= 2))), 'denied');
      const failure = await expectFailure(
        entriesOf(await open(failing('unavailable', (nth) => nth >= 2))),
        'unavailable',
      );
      expect(failure.retry).toBe('exhausted');
    });

    if (bed.traits.order === 'path' || bed.markers) {
      test('18. a page that fails once changes nothing', async () => {
        const files = await filesOf(await open(failing('unavailable', (nth) => nth % 2 === 0)));
        expect(files.toSorted()).toEqual(names.toSorted());
      });
    }

    if (bed.markers) {
      test('18b. what follows a page is had by its marker, by a store opened anew', async () => {
        const pages: (readonly string[])[] = [];
        const markers: (string | undefined)[] = [];
        for await (const page of (await bed.open(root)).list('', { recursive: true }, (await open()).io)) {
          pages.push(page.map(({ path }) => path));
          markers.push(page.marker);
        }
        expect(new Set(markers).size).toBe(pages.length);
        for (const [index, marker] of markers.entries()) {
          const rest: string[] = [];
          const { store, io } = await open();
          for await (const page of store.list('', { recursive: true, marker: marker! }, io)) {
            rest.push(...page.map(({ path }) => path));
          }
          expect(rest).toEqual(pages.slice(index + 1).flat());
        }
      });
    }

    test('19. what is listed can be read inside the loop', async () => {
      const case_ = await open();
      let read = 0;
      for await (const page of case_.store.list('', { recursive: true }, case_.io)) {
        const file = page.find(({ kind }) => kind === 'file');
        if (file) expect((await get(case_, file.path)).byteLength).toBe(0);
        read += 1;
      }
      expect(read).toBeGreaterThan(1);
    });

    test('20. leaving the loop early leaves no permit behind', async () => {
      const case_ = await open();
      for (let i = 0; i <= bed.traits.connections; i += 1) {
        for await (const page of case_.store.list('', { recursive: true }, case_.io)) {
          expect(page.length).toBeGreaterThan(0);
          break;
        }
      }
      expect((await get(case_, names[0]!)).byteLength).toBe(0);
    });

    test('21. what is added while listing does no harm', async () => {
      const case_ = await open();
      const seen: ArtifactPath[] = [];
      let added = 0;
      for await (const page of case_.store.list(at('d3'), { recursive: true }, case_.io)) {
        seen.push(...page.map(({ path }) => path));
        added += 1;
        await put(case_, `d3-added/f${added}`, '');
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBe(500);
      await case_.store.remove([{ path: at('d3-added/f1'), kind: 'file' }], case_.io);
    });
  });
}
