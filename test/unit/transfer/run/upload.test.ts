import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore, Stored } from '../../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { faulty } from '../../../conformance/artifact-store/faulty.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, pattern } from '../../../conformance/artifact-store/pattern.ts';
import {
  everythingIn,
  fill,
  folderOf,
  io,
  madeNow,
  planOf,
  sendAll,
  temporaryFolder,
  watch,
  without,
  type Whole,
} from '../rig.ts';
import type { UploadSource } from '../../../../src/transfer/plan/upload-plan.ts';

const kinds = ({ lost }: Whole) => lost.map(({ path, failure }) => [path, failure.kind]);

describe('uploading files', () => {
  it('stores every file of a folder, with its contents, and counts each byte once', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'model/a.bin': pattern(300_000), 'model/b/c.txt': 'hello', 'model/empty': '' });
    const to = await temporaryFolder();
    const plan = await planOf([folderOf('model')], at('under'), from);
    const observer = watch();
    const report = await sendAll(openLocalStore(to), plan, io, { workers: 2, observer });
    expect(report).toMatchObject({ lost: [], bytes: 300_005 });
    expect(observer.seen).toMatchObject({ planned: [3, 300_005], bytes: 300_005 });
    expect(await everythingIn(join(to, 'under'))).toEqual([
      'model',
      'model/a.bin',
      'model/b',
      'model/b/c.txt',
      'model/empty',
    ]);
  });

  it('loses what vanished, changed or cannot be read, and stores the rest', async () => {
    const from = await temporaryFolder();
    await fill(from, { gone: 'x', grown: 'x', swapped: 'x', fine: 'x', hollow: '', 'dir/ok': 'x' });
    await symlink('nowhere', join(from, 'dangling'));
    await symlink('.', join(from, 'dir/loop'));
    await symlink('selfish', join(from, 'selfish'));
    const plan = await madeNow(await planOf([folderOf(from, true)], ''));
    await rm(join(from, 'gone'));
    await appendFile(join(from, 'grown'), 'more');
    await appendFile(join(from, 'hollow'), 'more');
    await rm(join(from, 'swapped'));
    await mkdir(join(from, 'swapped'));
    const report = await sendAll(createMemoryStore(), plan);
    expect(kinds(report).sort()).toEqual([
      ['dangling', 'not-found'],
      ['dir/loop', 'invalid'],
      ['gone', 'not-found'],
      ['grown', 'changed'],
      ['hollow', 'changed'],
      ['selfish', 'invalid'],
      ['swapped', 'changed'],
    ]);
    expect(report.moved.map(({ path }) => path).sort()).toEqual(['dir/ok', 'fine']);
  });

  it('fails as changed when a file shrinks while it is read', async () => {
    const from = await temporaryFolder();
    const file = join(from, 'log');
    await writeFile(file, pattern(2_000_000));
    const plan = await planOf([folderOf(file)], '');
    const store = createMemoryStore();
    const shrinking: ArtifactStore = {
      ...store,
      write: async (path, source, options, using) => {
        const stream = await source.open(0, using.signal);
        stream.once('data', () => void writeFile(file, 'short'));
        const all: Buffer[] = [];
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          all.push(chunk);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return store.write(path, { ...source, size: Buffer.concat(all).length }, options, using);
      },
    };
    expect(kinds(await sendAll(shrinking, plan))).toEqual([['log', 'changed']]);
  });

  it('refuses a file larger than a store without parts takes', async () => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(2000), small: 'x' });
    const plan = await planOf([folderOf(from, true)], '');
    const report = await sendAll(createMemoryStore({ maxWriteBytes: 1000 }), plan);
    expect(kinds(report)).toEqual([['big', 'too-large']]);
    expect(report.moved).toHaveLength(1);
  });

  it('stops on a cancel, without a word on what was not tried', async () => {
    const from = await temporaryFolder();
    await fill(from, Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, 'x'])));
    const controller = new AbortController();
    const content = new MemoryContent();
    const store = faulty(createMemoryStore({}, { content }), (verb, nth) => {
      if (verb === 'write' && nth === 5) controller.abort();
      return undefined;
    });
    const plan = await planOf([folderOf(from, true)], '');
    const report = await sendAll(store, plan, { signal: controller.signal });
    expect(report.stopped?.kind).toBe('cancelled');
    expect([report.lost.length, report.moved.length < 30]).toEqual([0, true]);
    expect(content.objects.size).toBe(report.moved.length);
  });
});

describe('what nothing proved', () => {
  const unproven = (content: MemoryContent, tell: (stored: Stored) => Stored): ArtifactStore => {
    const store = createMemoryStore({}, { content });
    return {
      ...store,
      write: async (path, source, options, using) => tell(await store.write(path, source, options, using)),
    };
  };
  const none = ({ entry }: Stored): Stored => ({ entry: without(entry, 'size'), proof: 'none' });

  it('is looked up once per folder', async () => {
    const from = await temporaryFolder();
    await fill(from, {
      'a/1': 'x',
      'a/2': 'xx',
      'a/gone': 'x',
      'a/short': 'xyz',
      'b/3': 'xxx',
      'b/empty': '',
    });
    const content = new MemoryContent();
    const store = unproven(content, none);
    let listings = 0;
    const lying: ArtifactStore = {
      ...store,
      list: (under, options, using) => {
        listings += 1;
        content.objects.delete('a/gone');
        content.set('a/short', Buffer.from('x'));
        return store.list(under, options, using);
      },
    };
    const report = await sendAll(lying, await planOf([folderOf(from, true)], ''));
    expect(listings).toBe(2);
    expect(kinds(report).sort()).toEqual([
      ['a/gone', 'corrupt'],
      ['a/short', 'corrupt'],
    ]);
    expect(report.moved.map(({ path, proof }) => `${path} ${proof}`).sort()).toEqual([
      'a/1 size',
      'a/2 size',
      'b/3 size',
      'b/empty size',
    ]);
    expect(report.bytes).toBe(6);
  });

  it('stays unproven when the listing tells no size, and is lost when there is no listing', async () => {
    const from = await temporaryFolder();
    await fill(from, { a: 'x' });
    const store = unproven(new MemoryContent(), none);
    const plan = await planOf([folderOf(from, true)], '');
    const sizeless: ArtifactStore = {
      ...store,
      list: async function* () {
        yield [{ path: at('a'), kind: 'file', checksums: [] }];
      },
    };
    expect((await sendAll(sizeless, plan)).moved).toMatchObject([{ proof: 'none' }]);
    const failing = faulty(store, (verb) =>
      verb === 'page'
        ? { before: new Failure({ kind: 'denied', message: 'no listing', subject: 'x' }) }
        : undefined,
    );
    expect(kinds(await sendAll(failing, plan))).toEqual([['a', 'denied']]);
  });

  it('is lost at once when the store tells another size', async () => {
    const from = await temporaryFolder();
    await fill(from, { a: 'abc' });
    const store = unproven(new MemoryContent(), ({ entry }) => ({
      entry: { ...entry, size: 2 },
      proof: 'none',
    }));
    expect(kinds(await sendAll(store, await planOf([folderOf(from, true)], '')))).toEqual([['a', 'corrupt']]);
  });

  it('counts what standard input gave, when the store tells no size', async () => {
    const stdin: UploadSource = { kind: 'stream', name: 'in', stream: Readable.from(['ab', 'cd']) };
    const store = unproven(new MemoryContent(), none);
    const report = await sendAll(store, await planOf([stdin], ''));
    expect(report).toMatchObject({ bytes: 4, moved: [{ proof: 'size', bytes: 4, local: '-' }] });
  });
});
