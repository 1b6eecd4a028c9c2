import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readerAt } from '../../../../src/artifacts/reader.ts';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { BulkItem } from '../../../../src/artifacts/store.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import type { Planned, UploadFile } from '../../../../src/transfer/items.ts';
import { uploadOfStream } from '../../../../src/transfer/plan/upload-file.ts';
import { runDownloads } from '../../../../src/transfer/run/download.ts';
import { openJournal } from '../../../../src/transfer/run/journal/open-journal.ts';
import { runUploads } from '../../../../src/transfer/run/upload.ts';
import { at } from '../../../conformance/artifact-store/pattern.ts';
import {
  downloadAll,
  everythingIn,
  fill,
  folderOf,
  io,
  planOf,
  sendAll,
  temporaryFolder,
  watch,
} from '../rig.ts';
import { bulky } from './bulk-store.ts';

const FIVE = { a: 'A', b: 'Bb', 'c/d': 'Cd', 'c/e': '', f: 'F' };

async function* plan(...items: readonly Planned<UploadFile>[]): AsyncGenerator<Planned<UploadFile>> {
  yield* items;
}

async function itemsOf(folder: string): Promise<Planned<UploadFile>[]> {
  const items: Planned<UploadFile>[] = [];
  for (const root of await planOf([folderOf(folder, true)]))
    for await (const item of root.items(io.signal)) items.push(item);
  return items;
}

describe('uploading in bulk', () => {
  it('goes in batches as large as the store takes, one after the other, and tells of every file', async () => {
    const folder = await temporaryFolder();
    await fill(folder, { ...FIVE, g: 'G', h: 'H' });
    const { store, asked, content } = bulky();
    const observer = watch();
    const report = await sendAll(store, await planOf([folderOf(folder, true)]), io, { observer });
    expect(asked.calls).toEqual(['put a b c/d', 'put c/e f g', 'write h']);
    expect(asked.most).toBe(1);
    expect(report).toMatchObject({ files: 7, bytes: 8, failed: 0, verified: { checksum: 7 } });
    expect(observer.seen).toMatchObject({ planned: [7, 8], planEnded: true, bytes: 8, under: new Set() });
    expect(content.objects.get('c/d')?.bytes.toString()).toBe('Cd');
  });

  it('leaves streams, troubles and folders to the usual way', async () => {
    const folder = await temporaryFolder();
    await fill(folder, { a: 'A', b: 'B' });
    const { store, asked } = bulky();
    const files = await itemsOf(folder);
    const failure = new Failure({ kind: 'denied', message: 'no', subject: 'x' });
    const planned = plan(
      ...files.slice(0, 1),
      { kind: 'file', file: uploadOfStream(Readable.from(['in']), at('in')) },
      { kind: 'trouble', path: 'x', local: '/x', failure },
      { kind: 'folder', path: at('hollow') },
      ...files.slice(1),
    );
    const options = { workers: 4, clock: systemClock, observer: watch() };
    const report = await runUploads(store, planned, options, io);
    expect(asked.calls).toEqual(['write in', 'put a b']);
    expect(report).toMatchObject({ files: 3, failed: 1, foldersLeftOut: 1 });
  });

  it('one that fails stops no other; what fails with all of them is the failure of each', async () => {
    const folder = await temporaryFolder();
    await fill(folder, { a: 'A', b: 'bad', c: 'C' });
    const { store, content } = bulky();
    const report = await sendAll(store, await planOf([folderOf(folder, true)]));
    expect(report.lost.map(({ path, failure }) => [path, failure.kind])).toEqual([['b', 'denied']]);
    expect([...content.objects.keys()].toSorted()).toEqual(['a', 'c']);
    const broken = {
      ...store,
      bulk: {
        ...store.bulk!,
        put: async () => Promise.reject(new Failure({ kind: 'misconfigured', message: 'no', subject: '' })),
      },
    };
    const all = await sendAll(broken, await planOf([folderOf(folder, true)]));
    expect(all.lost.map(({ failure }) => failure.kind)).toEqual(Array(3).fill('misconfigured'));
  });

  it('keeps "only where nothing is"', async () => {
    const folder = await temporaryFolder();
    await fill(folder, { a: 'A', b: 'B' });
    const { store, asked, content } = bulky({ b: 'theirs' });
    const items = await itemsOf(folder);
    const guarded = items.map((item) =>
      item.kind === 'file' ? { ...item, file: { ...item.file, when: { absent: true } as const } } : item,
    );
    const options = { workers: 4, clock: systemClock, observer: watch() };
    const report = await runUploads(store, plan(...guarded), options, io);
    expect(asked.calls).toEqual(['put a b']);
    expect(report.lost.map(({ path, failure }) => [path, failure.kind])).toEqual([['b', 'exists']]);
    expect(content.objects.get('b')?.bytes.toString()).toBe('theirs');
  });

  it('writes the journal, and leaves alone what that says', async () => {
    const [folder, state] = [await temporaryFolder(), await temporaryFolder()];
    await fill(folder, { a: 'A', b: 'B', c: 'bad' });
    const { store, asked } = bulky();
    const transfer = { direction: 'upload', backend: 'm', target: 'm:', sources: [folder] } as const;
    const open = async () => openJournal(transfer, { folder: state, now: 0, tell: () => undefined }, io);
    const first = await open();
    await sendAll(store, await planOf([folderOf(folder, true)]), io, { journal: first });
    await first.close(false);
    await writeFile(join(folder, 'c'), 'good');
    const second = await open();
    const report = await sendAll(store, await planOf([folderOf(folder, true)]), io, { journal: second });
    await second.close(true);
    expect(report).toMatchObject({ files: 1, skipped: { 'done-before': 2 } });
    expect(asked.calls).toEqual(['put a b c', 'write c']);
  });

  it('begins no batch once it was stopped, nor takes more of the plan than a few', async () => {
    const folder = await temporaryFolder();
    const stop = new AbortController();
    const { store, asked } = bulky();
    await fill(folder, { a: 'A' });
    const [item] = await itemsOf(folder);
    let taken = 0;
    const endless = async function* (): AsyncGenerator<Planned<UploadFile>> {
      for (;;) {
        taken += 1;
        if (item?.kind === 'file') yield { kind: 'file', file: { ...item.file, path: at(`n${taken}`) } };
        await Promise.resolve();
        stop.signal.throwIfAborted();
      }
    };
    const stopping = {
      ...store,
      bulk: {
        ...store.bulk!,
        put: async (items: readonly BulkItem[], using: Io) => {
          const results = await store.bulk!.put(items, using);
          if (asked.calls.length === 2)
            stop.abort(new Failure({ kind: 'cancelled', message: 'stop', subject: '' }));
          return results;
        },
      },
    };
    const using = { signal: stop.signal };
    const observer = watch();
    const options = { workers: 4, clock: systemClock, observer };
    const report = await runUploads(stopping, endless(), options, using);
    expect(asked.calls).toEqual(['put n1 n2 n3', 'put n4 n5 n6']);
    expect(report).toMatchObject({ files: 6, failed: 0, stopped: { kind: 'cancelled' } });
    expect(taken).toBeLessThanOrEqual(3 * 7);
  });
});

describe('downloading in bulk', () => {
  it('goes in batches, each file to its place, and tells of every one', async () => {
    const { store, asked } = bulky(FIVE);
    const folder = await temporaryFolder();
    await fill(folder, { 'c/d': 'old' });
    const observer = watch();
    const report = await downloadAll(store, folder, io, observer);
    expect(asked.calls.toSorted()).toEqual(['get a b c/d', 'get c/e f']);
    expect(report).toMatchObject({ files: 5, bytes: 6, verified: { checksum: 5 }, failed: 0 });
    expect(observer.seen).toMatchObject({ planned: [5, 6], bytes: 6, under: new Set() });
    expect(await everythingIn(folder)).toEqual(['a', 'b', 'c', 'c/d', 'c/e', 'f']);
    expect(await readFile(join(folder, 'c/d'), 'utf8')).toBe('Cd');
  });

  it('what cannot be fetched or placed is told alone and leaves nothing', async () => {
    const { store } = bulky({ a: 'A', b: 'bad', c: 'C', 'd/x': 'X', e: 'E' });
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'c/full'), { recursive: true });
    await writeFile(join(folder, 'd'), 'a file');
    const report = await downloadAll(store, folder);
    expect(report.lost.map(({ path, failure }) => [path, failure.kind]).toSorted()).toEqual([
      ['b', 'denied'],
      ['c', 'exists'],
      ['d/x', 'exists'],
    ]);
    expect(await everythingIn(folder)).toEqual(['a', 'c', 'c/full', 'd', 'e']);
  });

  it('the one file that a reader stands at is read as it always is', async () => {
    const { store, asked } = bulky({ a: 'A' });
    const folder = await temporaryFolder();
    const entry = (await store.stat(at('a'), io))!;
    const file = { entry, name: at('b'), why: 'overwrite' } as const;
    const planned = (async function* () {
      yield { kind: 'file', file } as const;
      yield { kind: 'file', file: { ...file, name: at('c') } } as const;
    })();
    const options = { workers: 4, clock: systemClock, observer: watch(), pathOf: () => '' as const };
    await runDownloads(readerAt(store, at('a')), planned, folder, options, io);
    expect(asked.calls).toEqual([]);
    expect(await everythingIn(folder)).toEqual(['b', 'c']);
  });

  it('goes on where an interrupted try ended, over what that left', async () => {
    const { store, asked } = bulky({ a: 'A', b: 'B', c: 'bad' });
    const [folder, state] = [await temporaryFolder(), await temporaryFolder()];
    const transfer = { direction: 'download', backend: 'm', target: folder, sources: ['m:'] } as const;
    const open = async () => openJournal(transfer, { folder: state, now: 0, tell: () => undefined }, io);
    const first = await open();
    await downloadAll(store, folder, io, watch(), { journal: first });
    await first.close(false);
    await store.write(at('c'), bytesSource(Buffer.from('good')), {}, io);
    await store.write(at('d'), bytesSource(Buffer.from('D')), {}, io);
    await writeFile(join(folder, `.c.${first.id}.partial`), 'half');
    const second = await open();
    const report = await downloadAll(store, folder, io, watch(), { journal: second });
    await second.close(true);
    expect(report).toMatchObject({ files: 2, skipped: { 'done-before': 2 }, failed: 0 });
    expect(asked.calls).toEqual(['get a b c', 'write c', 'write d', 'get c d']);
    expect(await everythingIn(folder)).toEqual(['a', 'b', 'c', 'd']);
    expect(await readFile(join(folder, 'c'), 'utf8')).toBe('good');
  });
});
