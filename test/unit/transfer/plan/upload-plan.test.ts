import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Under } from '../../../../src/core/artifact-path.ts';
import type { Planned, UploadFile } from '../../../../src/transfer/items.ts';
import { createFilter, type Patterns } from '../../../../src/transfer/plan/filter.ts';
import { planUploads, type UploadSource } from '../../../../src/transfer/plan/upload-plan.ts';
import { at } from '../../../conformance/artifact-store/pattern.ts';
import { failureOf, fill, folderOf, io, planOf, temporaryFolder } from '../rig.ts';
import { wordsOf } from './words.ts';

async function itemsOf(
  sources: readonly UploadSource[],
  under: Under,
  cwd = process.cwd(),
): Promise<Planned<UploadFile>[]> {
  const items: Planned<UploadFile>[] = [];
  for (const root of await planOf(sources, under, cwd))
    for await (const item of root.items(io.signal)) items.push(item);
  return items;
}

const filesIn = (items: readonly Planned<UploadFile>[]): string[] =>
  items.flatMap((item) => (item.kind === 'file' ? [item.file.path] : []));

describe('planning', () => {
  it('names a folder by its own name, its contents by theirs, "." by its real name', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'model/a': 'x', 'model/b/c': 'x' });
    const names = async (source: UploadSource, cwd = from): Promise<string[]> =>
      filesIn(await itemsOf([source], at('u'), cwd));
    expect(await names(folderOf('model'))).toEqual(['u/model/a', 'u/model/b/c']);
    expect(await names(folderOf('model/', true))).toEqual(['u/a', 'u/b/c']);
    expect(await names(folderOf('.'), join(from, 'model'))).toEqual(['u/model/a', 'u/model/b/c']);
    expect(await names(folderOf('model/a'))).toEqual(['u/a']);
  });

  it('goes in the order of UTF-8 bytes, a folder as name/', async () => {
    const from = await temporaryFolder();
    const names = ['a!b', 'a.b', 'a/x', 'a/y/z', 'a0', 'é', '\uffee', '\u{1f600}'];
    await fill(from, Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(filesIn(await itemsOf([folderOf(from, true)], ''))).toEqual(names);
  });

  it('keeps empty folders and leaves out what is left over', async () => {
    const from = await temporaryFolder();
    await fill(from, {
      'a/.mlstow-0123456789abcdef.partial': 'x',
      'a/.x.0123456789abcdef.partial': 'x',
      'a/.artifact.uploading.abc': 'x',
      'a/x.partial': 'x',
    });
    await mkdir(join(from, 'a/hollow'));
    await mkdir(join(from, 'none'));
    const items = await itemsOf([folderOf('a'), folderOf('none')], '', from);
    expect(filesIn(items)).toEqual(['a/x.partial']);
    expect(items.flatMap((item) => (item.kind === 'folder' ? [item.path] : []))).toEqual([
      'a/hollow',
      'none',
    ]);
    expect(items.filter(({ kind }) => kind === 'skip')).toHaveLength(3);
  });

  it.each([
    ['a missing source', ['missing'], 'not-found'],
    ['a link that leads nowhere', ['dangling'], 'not-found'],
    ['two sources of one name', ['x/a', 'y/a'], 'usage'],
    ['one source twice', ['x/a', 'x/a'], 'usage'],
    ['contents that meet a named source', ['x/', 'y/a'], 'usage'],
    ['contents of two folders that meet', ['x/', 'y/'], 'usage'],
    ['a device', ['/dev/null'], 'invalid'],
  ] as const)('refuses %s', async (_what, paths, kind) => {
    const from = await temporaryFolder();
    await fill(from, { 'x/a': '1', 'y/a': '2' });
    await symlink('nowhere', join(from, 'dangling'));
    const sources = paths.map((path) => folderOf(path, path.endsWith('/')));
    expect((await failureOf(planOf(sources, '', from))).kind).toBe(kind);
  });

  it('refuses standard input twice, and names that no store may hold', async () => {
    const input = (): UploadSource => ({ kind: 'stream', name: 'in', stream: Readable.from([]) });
    expect((await failureOf(planOf([input(), input()]))).kind).toBe('usage');
    const from = await temporaryFolder();
    await fill(from, { 'line\nbreak': 'x' });
    expect((await failureOf(itemsOf([folderOf(from)], ''))).kind).toBe('invalid');
    const bytes = await temporaryFolder();
    await writeFile(Buffer.concat([Buffer.from(`${bytes}/`), Buffer.from([0xff, 0xfe])]), 'x');
    expect((await failureOf(itemsOf([folderOf(bytes)], ''))).kind).toBe('invalid');
  });
});

describe('planning with patterns', () => {
  const plan = async (from: string, patterns: Partial<Patterns>, ...paths: string[]): Promise<string[]> => {
    const filter = createFilter({ include: [], exclude: [], ...patterns });
    const sources = paths.map((path) => folderOf(path, path.endsWith('/')));
    const words: string[] = [];
    for (const root of await planUploads(sources, { under: '', cwd: from, filter }, io.signal))
      words.push(...(await wordsOf(root.items(io.signal))));
    return words;
  };

  it('reads them from the root of each folder, and of a file by its name', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'm/a.log': 'x', 'm/d/a.log': 'x', 'm/d/b': 'x', 'n/a.log': 'x', 'x.log': 'x' });
    expect(await plan(from, { exclude: ['/a.log'] }, 'm', 'n')).toEqual([
      'excluded m/a.log',
      'overwrite m/d/a.log',
      'overwrite m/d/b',
      'excluded n/a.log',
    ]);
    expect(await plan(from, { include: ['*.log'] }, 'm/', 'x.log')).toEqual([
      'overwrite a.log',
      'overwrite d/a.log',
      'excluded d/b',
      'overwrite x.log',
    ]);
  });

  it('does not look into an excluded folder', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'm/cache/x': 'x', 'm/y': 'x' });
    await writeFile(Buffer.concat([Buffer.from(`${from}/m/cache/`), Buffer.from([0xff])]), 'x');
    expect(await plan(from, { exclude: ['cache/'] }, 'm')).toEqual(['excluded m/cache', 'overwrite m/y']);
    expect((await failureOf(plan(from, {}, 'm'))).kind).toBe('invalid');
  });

  it('lets sources of one name be when the other is excluded', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'x/a': '1', 'x/b': '1', 'y/a': '2' });
    expect((await failureOf(plan(from, {}, 'x/', 'y/'))).kind).toBe('usage');
    expect(await plan(from, { exclude: ['a'] }, 'x/', 'y/')).toEqual([
      'excluded a',
      'overwrite b',
      'excluded a',
    ]);
  });
});
