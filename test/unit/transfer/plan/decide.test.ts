import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBoth } from '../../../../src/artifacts/read-both.ts';
import { readerAt } from '../../../../src/artifacts/reader.ts';
import type { ArtifactStore, Traits } from '../../../../src/artifacts/store.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import type { Under } from '../../../../src/core/artifact-path.ts';
import type { IfExists, Planned, UploadFile } from '../../../../src/transfer/items.ts';
import { decideDownloads } from '../../../../src/transfer/plan/decide-downloads.ts';
import { decideUploads } from '../../../../src/transfer/plan/decide-uploads.ts';
import { planDownload } from '../../../../src/transfer/plan/download-plan.ts';
import { planUploads } from '../../../../src/transfer/plan/upload-plan.ts';
import { runUploads } from '../../../../src/transfer/run/upload.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at } from '../../../conformance/artifact-store/pattern.ts';
import { failureOf, fill, folderOf, io, temporaryFolder, watch } from '../rig.ts';
import { wordsOf } from './words.ts';

const HOUR = 3_600_000;

/** A memory store that counts its listings and questions. */
function storeWith(
  files: Readonly<Record<string, string>>,
  traits: Partial<Traits> = {},
): { readonly store: ArtifactStore; readonly asked: string[] } {
  const content = new MemoryContent();
  for (const [path, bytes] of Object.entries(files)) content.set(path, Buffer.from(bytes));
  const store = createMemoryStore(traits, { content });
  const asked: string[] = [];
  return {
    asked,
    store: {
      ...store,
      list: (under, options, using) => {
        asked.push(`list ${under}`);
        return store.list(under, options, using);
      },
      stat: async (path, using) => {
        asked.push(`stat ${path}`);
        return store.stat(path, using);
      },
    },
  };
}

/** A folder with files of these contents, modified so many hours from now. */
async function folderWith(files: Readonly<Record<string, readonly [string, number]>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, [content, hours]] of Object.entries(files)) {
    await fill(folder, { [name]: content });
    const time = new Date(Date.now() + hours * HOUR);
    await utimes(join(folder, name), time, time);
  }
  return folder;
}

async function upload(
  store: ArtifactStore,
  from: string,
  ifExists: IfExists,
  look = false,
  under: Under = '',
): Promise<Planned<UploadFile>[]> {
  const roots = await planUploads([folderOf(from, true)], { under, cwd: '/' }, io.signal);
  const items: Planned<UploadFile>[] = [];
  for await (const item of await decideUploads(roots, store, { ifExists, look }, io)) items.push(item);
  return items;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

describe('deciding what is logged', () => {
  const there = { 'a!': 'xx', 'a.b': 'xx', 'a/differs': 'long', 'a/same': 'xx', gone: 'x', 'ü/same': 'xx' };
  const here = {
    'a.b': ['xx', -1],
    'a/differs': ['xx', 1],
    'a/new': ['xx', -1],
    'a/same': ['xx', 1],
    a0: ['xx', -1],
    'ü/same': ['xx', -1],
  } as const;

  it.each(['path', 'none'] as const)(
    'reads both sides side by side (listings in order: %s)',
    async (order) => {
      const { store, asked } = storeWith(there, { order });
      const from = await folderWith(here);
      expect(await wordsOf(each(await upload(store, from, 'skip')))).toEqual([
        'same a.b',
        'exists a/differs',
        'new a/new',
        'same a/same',
        'new a0',
        'same ü/same',
      ]);
      expect(await wordsOf(each(await upload(store, from, 'newer')))).toEqual([
        'same a.b',
        'newer a/differs',
        'new a/new',
        'newer a/same',
        'new a0',
        'same ü/same',
      ]);
      expect(asked).toEqual(['list ', 'list ']);
    },
  );

  it('looks at nothing to overwrite, unless the plan is only to be looked at', async () => {
    const { store, asked } = storeWith(there);
    const from = await folderWith(here);
    expect(new Set(await wordsOf(each(await upload(store, from, 'overwrite')))).has('overwrite a/new')).toBe(
      true,
    );
    expect(asked).toEqual([]);
    expect(await wordsOf(each(await upload(store, from, 'overwrite', true)))).toEqual([
      'overwrite a.b',
      'differs a/differs',
      'new a/new',
      'overwrite a/same',
      'new a0',
      'overwrite ü/same',
    ]);
  });

  it('takes the later of two sizes only when it is the source', async () => {
    const { store } = storeWith({ later: 'long', same: 'long' });
    const from = await folderWith({ later: ['x', -1], same: ['x', 0] });
    const entry = await store.stat(at('same'), io);
    await utimes(join(from, 'same'), entry!.modified!, entry!.modified!);
    expect(await wordsOf(each(await upload(store, from, 'newer')))).toEqual(['older later', 'differs same']);
  });

  it('writes what is new only where nothing is, if that is what was asked for and the store can', async () => {
    const from = await folderWith({ a: ['x', 0] });
    const whenOf = async (ifExists: IfExists, traits: Partial<Traits> = {}) =>
      (await upload(storeWith({}, traits).store, from, ifExists)).map((item) =>
        item.kind === 'file' ? item.file.when : item,
      );
    expect(await whenOf('skip')).toEqual([{ absent: true }]);
    expect(await whenOf('fail')).toEqual([{ absent: true }]);
    expect(await whenOf('newer')).toEqual([undefined]);
    expect(await whenOf('skip', { ifAbsent: 'none' })).toEqual([undefined]);
  });

  it('leaves alone what another writer stored in between, where that is what was asked for', async () => {
    const from = await folderWith({ a: ['mine', 0], b: ['mine', 0], c: ['mine', 0] });
    const content = new MemoryContent();
    const store = createMemoryStore({}, { content });
    const roots = await planUploads([folderOf(from, true)], { under: '', cwd: '/' }, io.signal);
    const report = async (ifExists: IfExists) => {
      const planned = await decideUploads(roots, store, { ifExists, look: false }, io);
      const late = async function* (): AsyncGenerator<Planned<UploadFile>> {
        for await (const item of planned) {
          if (item.kind === 'file' && item.file.path === 'b') content.set('b', Buffer.from('theirs'));
          yield item;
        }
      };
      const options = { workers: 1, observer: watch(), clock: systemClock };
      return runUploads(store, late(), options, io);
    };
    expect(await report('skip')).toMatchObject({ files: 2, failed: 0, skipped: { exists: 1 } });
    content.objects.clear();
    expect(await report('fail')).toMatchObject({ files: 2, failed: 1, lost: [{ path: 'b' }] });
    expect(content.objects.get('b')?.bytes.toString()).toBe('theirs');
  });

  it('refuses everything when anything is there and that was to fail, naming the first and how many', async () => {
    const { store } = storeWith(there);
    const failure = await failureOf(upload(store, await folderWith(here), 'fail'));
    expect(failure.kind).toBe('exists');
    expect(failure.message).toContain('a.b and 3 more are at');
    const items = await upload(store, await folderWith({ b: ['x', 0] }), 'fail');
    expect(await wordsOf(each(items))).toEqual(['new b']);
  });

  it('refuses "newer" where no times are told, before the first name', async () => {
    const from = await folderWith({ a: ['x', 0] });
    for (const modified of ['none', 'some'] as const) {
      const { store } = storeWith({ z: 'x' }, { modified });
      const timeless: ArtifactStore = {
        ...store,
        list: async function* (...args) {
          for await (const page of store.list(...args)) {
            yield page.map(({ path, kind, checksums }) => ({ path, kind, checksums }));
          }
        },
      };
      const failure = await failureOf(upload(timeless, from, 'newer'));
      expect(failure.kind).toBe('usage');
      expect(failure.message).toContain(store.label);
    }
    const { store } = storeWith({ z: 'x' }, { modified: 'some' });
    expect(await wordsOf(each(await upload(store, from, 'newer')))).toEqual(['new a']);
  });

  it('asks for a file by itself, and lists the folder of many', async () => {
    const from = await temporaryFolder();
    const names = Array.from({ length: 30 }, (_, i) => `f${i}`);
    await fill(from, Object.fromEntries(names.map((name) => [name, 'x'])));
    const { store, asked } = storeWith({ 'u/f3': 'x', 'u/f30': 'x', 'u/f7/below': 'x', 'u/in': 'x' });
    const decided = async (files: readonly string[]) => {
      const stream = { kind: 'stream', name: 'in', stream: Readable.from([]) } as const;
      const sources = [...files.map((name) => folderOf(name)), stream];
      const roots = await planUploads(sources, { under: at('u'), cwd: from }, io.signal);
      return wordsOf(await decideUploads(roots, store, { ifExists: 'skip', look: false }, io));
    };
    expect(await decided(['f3', 'f4'])).toEqual(['same u/f3', 'new u/f4', 'exists u/in']);
    expect(asked).toEqual(['stat u/f3', 'stat u/f4', 'stat u/in']);
    asked.length = 0;
    const many = await decided(names);
    expect(many.filter((word) => !word.startsWith('new'))).toEqual([
      'same u/f3',
      'differs u/f7',
      'exists u/in',
    ]);
    expect(asked).toEqual(['list u']);
  });
});

describe('deciding what is downloaded', () => {
  const download = async (
    store: ArtifactStore,
    folder: string,
    ifExists: IfExists,
    look = false,
  ): Promise<string[]> => {
    const reader = readerAt(store, '');
    const items = () => planDownload(reader, { folder, name: '' }, io);
    return wordsOf(await decideDownloads(reader, items, { folder, ifExists, look }, io));
  };

  it('looks at each name in the folder, through links', async () => {
    const { store } = storeWith({ a: 'xx', b: 'xx', 'd/e': 'x', link: 'xx', dangling: 'x', folder: 'x' });
    const to = await folderWith({ a: ['xx', 1], b: ['x', -1], 'else/where': ['xx', 1] });
    await symlink('else/where', join(to, 'link'));
    await symlink('nowhere', join(to, 'dangling'));
    await mkdir(join(to, 'folder'));
    expect(await download(store, to, 'skip')).toEqual([
      'same a',
      'exists b',
      'new d/e',
      'exists dangling',
      'differs folder',
      'same link',
    ]);
    expect(await download(store, join(to, 'not-yet'), 'fail')).toHaveLength(6);
    expect((await failureOf(download(store, to, 'fail'))).message).toContain('a and 4 more are at');
    await writeFile(join(to, 'd'), 'a file where a folder is to be');
    expect((await download(store, to, 'skip'))[2]).toBe('new d/e');
    expect((await download(store, to, 'overwrite', true))[0]).toBe('overwrite a');
  });

  it('takes what the store has later', async () => {
    const { store } = storeWith({ a: 'xx', b: 'xx', c: 'xx' });
    const to = await folderWith({ a: ['xx', 1], b: ['xx', -1], c: ['long', 1] });
    expect(await download(store, to, 'newer')).toEqual(['same a', 'newer b', 'older c']);
    const silent = storeWith({ a: 'x' }, { modified: 'none' }).store;
    expect((await failureOf(download(silent, to, 'newer'))).kind).toBe('usage');
    const both = readBoth(readerAt(store, ''), readerAt(silent, ''), () => undefined);
    expect(both.modified).toBe('none');
  });
});
