import { appendFile, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore, Stored } from '../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../src/artifacts/stores/local/store.ts';
import { Failure } from '../../../src/core/failure.ts';
import type { Io } from '../../../src/core/io.ts';
import { planUploads, type UploadPlan, type UploadSource } from '../../../src/transfer/plan-uploads.ts';
import type { Report } from '../../../src/transfer/report.ts';
import { partBytesFor, planParts } from '../../../src/transfer/upload-parts.ts';
import { runUploads } from '../../../src/transfer/upload.ts';
import { faulty } from '../../conformance/artifact-store/faulty.ts';
import { createMemoryStore, MemoryContent } from '../../conformance/artifact-store/memory-store.ts';
import { at, pattern } from '../../conformance/artifact-store/pattern.ts';
import { everythingIn, failureOf, fill, io, temporaryFolder, watch } from './rig.ts';

const folderOf = (path: string, contentsOnly = false): UploadSource => ({ kind: 'path', path, contentsOnly });
const send = async (store: ArtifactStore, { uploads }: UploadPlan, using: Io = io): Promise<Report> =>
  runUploads(store, uploads, { workers: 3, observer: watch() }, using);
const kinds = ({ lost }: Report) => lost.map(({ path, failure }) => [path, failure.kind]);

describe('uploading files', () => {
  it('stores every file of a folder, with its contents, and counts each byte once', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'model/a.bin': pattern(300_000), 'model/b/c.txt': 'hello', 'model/empty': '' });
    const to = await temporaryFolder();
    const plan = await planUploads([folderOf('model')], at('under'), from);
    const observer = watch();
    const report = await runUploads(openLocalStore(to), plan.uploads, { workers: 2, observer }, io);
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
    const plan = await planUploads([folderOf(from, true)], '');
    await rm(join(from, 'gone'));
    await appendFile(join(from, 'grown'), 'more');
    await appendFile(join(from, 'hollow'), 'more');
    await rm(join(from, 'swapped'));
    await mkdir(join(from, 'swapped'));
    const report = await send(createMemoryStore(), plan);
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
    const plan = await planUploads([folderOf(file)], '');
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
    expect(kinds(await send(shrinking, plan))).toEqual([['log', 'changed']]);
  });

  it('refuses a file larger than a store without parts takes', async () => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(2000), small: 'x' });
    const plan = await planUploads([folderOf(from, true)], '');
    const report = await send(createMemoryStore({ maxWriteBytes: 1000 }), plan);
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
    const plan = await planUploads([folderOf(from, true)], '');
    const report = await send(store, plan, { signal: controller.signal });
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
  const none = ({ entry: { size: _size, ...entry } }: Stored): Stored => ({ entry, proof: 'none' });

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
    const report = await send(lying, await planUploads([folderOf(from, true)], ''));
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
    const plan = await planUploads([folderOf(from, true)], '');
    const sizeless: ArtifactStore = {
      ...store,
      list: async function* () {
        yield [{ path: at('a'), kind: 'file', checksums: [] }];
      },
    };
    expect((await send(sizeless, plan)).moved).toMatchObject([{ proof: 'none' }]);
    const failing = faulty(store, (verb) =>
      verb === 'page'
        ? { before: new Failure({ kind: 'denied', message: 'no listing', subject: 'x' }) }
        : undefined,
    );
    expect(kinds(await send(failing, plan))).toEqual([['a', 'denied']]);
  });

  it('is lost at once when the store tells another size', async () => {
    const from = await temporaryFolder();
    await fill(from, { a: 'abc' });
    const store = unproven(new MemoryContent(), ({ entry }) => ({
      entry: { ...entry, size: 2 },
      proof: 'none',
    }));
    expect(kinds(await send(store, await planUploads([folderOf(from, true)], '')))).toEqual([
      ['a', 'corrupt'],
    ]);
  });

  it('counts what standard input gave, when the store tells no size', async () => {
    const stdin: UploadSource = { kind: 'stream', name: 'in', stream: Readable.from(['ab', 'cd']) };
    const store = unproven(new MemoryContent(), none);
    const report = await send(store, await planUploads([stdin], ''));
    expect(report).toMatchObject({ bytes: 4, moved: [{ proof: 'size', bytes: 4, local: '-' }] });
  });
});

describe('parts', () => {
  const rules = {
    order: 'any',
    uniform: false,
    needsSize: false,
    begin: async () => Promise.reject(new Error()),
  } as const;
  const MIB = 1024 ** 2;

  it('are 16 MiB, more when there would be too many, within what the store allows', () => {
    const s3 = { ...rules, minBytes: 5 * MIB, maxBytes: 5 * 1024 * MIB, maxParts: 10_000 };
    expect(partBytesFor(100 * MIB, s3)).toBe(16 * MIB);
    expect(partBytesFor(10_000 * 20 * MIB, s3)).toBe(20 * MIB);
    expect(partBytesFor(100, { ...s3, minBytes: 32 * MIB })).toBe(32 * MIB);
    expect(partBytesFor(100, { ...s3, minBytes: 1, maxBytes: 4 * MIB })).toBe(4 * MIB);
    expect(() => partBytesFor(100, { ...s3, maxBytes: 10, maxParts: 9 })).toThrow(Failure);
    expect(partBytesFor(90, { ...s3, minBytes: 1, maxBytes: 10, maxParts: 9 })).toBe(10);
  });

  it('cover the file without gap or overlap', () => {
    expect([...planParts(25, 10)]).toEqual([
      { number: 1, offset: 0, size: 10 },
      { number: 2, offset: 10, size: 10 },
      { number: 3, offset: 20, size: 5 },
    ]);
    expect([...planParts(20, 10)]).toHaveLength(2);
    expect([...planParts(0, 10)]).toEqual([]);
  });

  const plan = async (size: number): Promise<UploadPlan> => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(size) });
    return planUploads([folderOf(join(from, 'big'))], '');
  };

  it.each(['any', 'sequential'] as const)('of order %s make the file', async (multipart) => {
    const content = new MemoryContent();
    const store = createMemoryStore({ maxWriteBytes: 2 ** 20 }, { content, multipart });
    const report = await send(store, await plan(5_300_000));
    expect(report.moved).toMatchObject([{ bytes: 5_300_000, proof: 'checksum' }]);
    expect(content.objects.get('big')?.bytes.equals(pattern(5_300_000))).toBe(true);
  });

  it.each(['any', 'sequential'] as const)(
    'of order %s are given up when one fails for good',
    async (multipart) => {
      const failure = new Failure({ kind: 'denied', message: 'no', subject: 'x' });
      const content = new MemoryContent();
      const verbs: string[] = [];
      const store = faulty(
        createMemoryStore({ maxWriteBytes: 2 ** 20 }, { content, multipart }),
        (verb, nth) => {
          verbs.push(verb);
          return verb === 'part' && nth === 3 ? { before: failure } : undefined;
        },
      );
      expect(kinds(await send(store, await plan(5_300_000)))).toEqual([['big', 'denied']]);
      expect([verbs.filter((verb) => verb === 'abort').length, verbs.includes('commit')]).toEqual([1, false]);
      expect(content.objects.size).toBe(0);
    },
  );

  it('are given up on a cancel, under a signal that is still good; trouble with that is traced', async () => {
    const controller = new AbortController();
    const store = createMemoryStore({ maxWriteBytes: 2 ** 20 }, { multipart: 'any' });
    let aborted: boolean | undefined;
    const watched: ArtifactStore = {
      ...store,
      multipart: {
        ...store.multipart!,
        begin: async (...asked) => {
          const session = await store.multipart!.begin(...asked);
          return {
            ...session,
            put: async (part, source, using) => {
              if (part.number === 2) controller.abort();
              using.signal.throwIfAborted();
              return session.put(part, source, using);
            },
            abort: async (using) => {
              aborted = using.signal.aborted;
              throw new Failure({ kind: 'unavailable', message: 'down', subject: 'x' });
            },
          };
        },
      },
    };
    const events: string[] = [];
    const report = await send(watched, await plan(5_300_000), {
      signal: controller.signal,
      trace: (event) => events.push(event),
    });
    expect([aborted, report.stopped?.kind, events]).toEqual([false, 'cancelled', ['abort-failed']]);
  });

  const refusing = (content: MemoryContent, maxWriteBytes: number): ArtifactStore => {
    const store = createMemoryStore({ maxWriteBytes }, { content, multipart: 'any' });
    const begin = async () =>
      Promise.reject(new Failure({ kind: 'unsupported', message: 'no parts here', subject: 'x' }));
    return { ...store, multipart: { ...store.multipart!, begin, maxBytes: 2 ** 30 } };
  };

  it('are replaced by one write where the server takes none, if it fits', async () => {
    const content = new MemoryContent();
    const big = await plan(66 * MIB);
    expect((await send(refusing(content, 2 ** 30), big)).moved).toMatchObject([{ bytes: 66 * MIB }]);
    expect(kinds(await send(refusing(content, 2 ** 20), big))).toEqual([['big', 'unsupported']]);
  });
});

describe('standard input', () => {
  const stdin = async (bytes: Buffer, chunk = 64 * 1024): Promise<UploadPlan> => {
    const chunks = function* () {
      for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk);
    };
    return planUploads([{ kind: 'stream', name: 'in', stream: Readable.from(chunks()) }], '');
  };
  const PART = 2 ** 20;

  it.each([
    ['nothing', 0],
    ['less than one part', 1000],
    ['exactly one part', PART],
    ['one part and a half', PART * 1.5],
    ['three parts', PART * 3],
  ])('of %s arrives, in one object or in parts', async (_what, size) => {
    for (const unknownLength of ['write', 'multipart'] as const) {
      const content = new MemoryContent();
      const report = await send(
        createMemoryStore({ unknownLength }, { content }),
        await stdin(pattern(size)),
      );
      expect(report).toMatchObject({ lost: [], bytes: size });
      expect(content.objects.get('in')?.bytes.equals(pattern(size))).toBe(true);
    }
  });

  it('in chunks larger than several parts arrives whole', async () => {
    const content = new MemoryContent();
    const bytes = pattern(PART * 3 + 7);
    await send(
      createMemoryStore({ unknownLength: 'multipart' }, { content }),
      await stdin(bytes, bytes.length),
    );
    expect(content.objects.get('in')?.bytes.equals(bytes)).toBe(true);
  });

  it('goes to a file of a folder as it comes', async () => {
    const to = await temporaryFolder();
    expect((await send(openLocalStore(to), await stdin(pattern(3_000_000)))).moved).toMatchObject([
      { bytes: 3_000_000, proof: 'size' },
    ]);
    expect((await stat(join(to, 'in'))).size).toBe(3_000_000);
  });

  it('is refused where the size must be known, or has more parts than the store takes; the input is closed', async () => {
    const store = createMemoryStore({ unknownLength: 'multipart' });
    const needy: ArtifactStore = { ...store, multipart: { ...store.multipart!, needsSize: true } };
    const few: ArtifactStore = { ...store, multipart: { ...store.multipart!, maxParts: 2 } };
    const { multipart: _multipart, ...bare } = store;
    const partless: ArtifactStore = { ...bare, traits: { ...bare.traits, maxWriteBytes: PART } };
    for (const [target, kind] of [
      [needy, 'unsupported'],
      [few, 'too-large'],
      [partless, 'unsupported'],
    ] as const) {
      const input = Readable.from(Array.from({ length: 9 }, () => pattern(PART / 2)));
      const plan = await planUploads([{ kind: 'stream', name: 'in', stream: input }], '');
      expect(kinds(await send(target, plan))).toEqual([['in', kind]]);
      expect(input.destroyed).toBe(true);
    }
  });

  it.each(['write', 'multipart'] as const)('that hangs is ended by a cancel (%s)', async (unknownLength) => {
    const controller = new AbortController();
    const input = new Readable({ read: () => undefined });
    const plan = await planUploads([{ kind: 'stream', name: 'in', stream: input }], '');
    setTimeout(() => controller.abort(), 20);
    const report = await send(createMemoryStore({ unknownLength }), plan, { signal: controller.signal });
    expect([report.stopped?.kind, input.destroyed]).toEqual(['cancelled', true]);
  });

  it('that fails leaves nothing', async () => {
    const input = Readable.from(
      (function* () {
        yield pattern(PART * 2);
        throw Object.assign(new Error('read EIO'), { code: 'EIO' });
      })(),
    );
    const content = new MemoryContent();
    const plan = await planUploads([{ kind: 'stream', name: 'in', stream: input }], '');
    const report = await send(createMemoryStore({ unknownLength: 'multipart' }, { content }), plan);
    expect([report.lost.length, content.objects.size]).toEqual([1, 0]);
  });
});

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
