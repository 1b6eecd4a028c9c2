import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { planUploads, type UploadSource } from '../../../src/transfer/plan-uploads.ts';
import { at } from '../../conformance/artifact-store/pattern.ts';
import { failureOf, fill, temporaryFolder } from './rig.ts';

const folderOf = (path: string, contentsOnly = false): UploadSource => ({ kind: 'path', path, contentsOnly });
describe('planning', () => {
  it('names a folder by its own name, its contents by theirs, "." by its real name', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'model/a': 'x', 'model/b/c': 'x' });
    const names = async (source: UploadSource, cwd = from): Promise<string[]> =>
      (await planUploads([source], at('u'), cwd)).uploads.map(({ path }) => path);
    expect(await names(folderOf('model'))).toEqual(['u/model/a', 'u/model/b/c']);
    expect(await names(folderOf('model/', true))).toEqual(['u/a', 'u/b/c']);
    expect(await names(folderOf('.'), join(from, 'model'))).toEqual(['u/model/a', 'u/model/b/c']);
    expect(await names(folderOf('model/a'))).toEqual(['u/a']);
  });

  it('keeps empty folders and leaves out what is left over', async () => {
    const from = await temporaryFolder();
    await fill(from, {
      'a/.mlstow-0123456789abcdef.partial': 'x',
      'a/.artifact.uploading.abc': 'x',
      'a/x.partial': 'x',
    });
    await mkdir(join(from, 'a/hollow'));
    await mkdir(join(from, 'none'));
    const plan = await planUploads([folderOf('a'), folderOf('none')], '', from);
    expect(plan.uploads.map(({ path }) => path)).toEqual(['a/x.partial']);
    expect(plan.emptyFolders).toEqual(['a/hollow', 'none']);
    expect(plan.skipped).toHaveLength(2);
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
    expect((await failureOf(planUploads(sources, '', from))).kind).toBe(kind);
  });

  it('refuses standard input twice, and names that no store may hold', async () => {
    const input = (): UploadSource => ({ kind: 'stream', name: 'in', stream: Readable.from([]) });
    expect((await failureOf(planUploads([input(), input()], ''))).kind).toBe('usage');
    const from = await temporaryFolder();
    await fill(from, { 'line\nbreak': 'x' });
    expect((await failureOf(planUploads([folderOf(from)], ''))).kind).toBe('invalid');
    const bytes = await temporaryFolder();
    await writeFile(Buffer.concat([Buffer.from(`${bytes}/`), Buffer.from([0xff, 0xfe])]), 'x');
    expect((await failureOf(planUploads([folderOf(bytes)], ''))).kind).toBe('invalid');
  });
});
