import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readerAt } from '../../../../src/artifacts/reader.ts';
import type { ArtifactStore, Entry } from '../../../../src/artifacts/store.ts';
import type { ArtifactPath } from '../../../../src/core/artifact-path.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { TAKE_ALL } from '../../../../src/transfer/plan/filter.ts';
import { walkFolder } from '../../../../src/transfer/plan/walk-folder.ts';
import type { Difference } from '../../../../src/transfer/verify/difference.ts';
import { runVerify, type VerifyOptions, type VerifyReport } from '../../../../src/transfer/verify/verify.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, pattern } from '../../../conformance/artifact-store/pattern.ts';
import { fill, io, temporaryFolder, watch } from '../rig.ts';

const MIB = 1024 * 1024;

interface Verified extends VerifyReport {
  readonly found: readonly Difference[];
  readonly reads: readonly string[];
  readonly watching: ReturnType<typeof watch>;
}

interface Rig {
  readonly store: ArtifactStore;
  readonly content: MemoryContent;
  readonly reads: string[];
  readonly folder: string;
}

/** A store and a folder with the same files; `entry` changes what the store says of each. */
async function same(
  files: Readonly<Record<string, Uint8Array>>,
  listed: (entry: Entry) => Entry = (entry) => entry,
  opened: (entry: Entry) => Entry = listed,
): Promise<Rig> {
  const folder = await temporaryFolder();
  await fill(folder, files);
  const content = new MemoryContent();
  for (const [name, bytes] of Object.entries(files)) content.set(name, Buffer.from(bytes));
  const inner = createMemoryStore({}, { content });
  const reads: string[] = [];
  const store: ArtifactStore = {
    ...inner,
    list: async function* (under, options, asked) {
      for await (const page of inner.list(under, options, asked)) yield page.map(listed);
    },
    read: async (path, options, asked) => {
      reads.push(path);
      const body = await inner.read(path, options, asked);
      return { ...body, entry: opened(body.entry) };
    },
  };
  return { store, content, reads, folder };
}

const bare = (entry: Entry): Entry => ({ ...entry, checksums: [] });

async function verified(
  { store, reads, folder }: Rig,
  more: Partial<Omit<VerifyOptions, 'observer'>> = {},
): Promise<Verified> {
  const reader = readerAt(store, '');
  const entries = async function* (): AsyncGenerator<Entry> {
    for await (const page of reader.list('', { recursive: true }, io)) yield* page;
  };
  const sides = {
    ...{ reader, filter: TAKE_ALL, there: entries(), here: walkFolder(folder, io.signal) },
    pathOf: (name: string) => `below/${name}`,
    localOf: (name: string) => join(folder, name),
    readIn: (name: string) => name as ArtifactPath,
  };
  const found: Difference[] = [];
  const watching = watch();
  const observer = { ...watching, differs: (one: Difference) => found.push(one) };
  const options = { workers: 3, clock: systemClock, sizeOnly: false, ...more, observer };
  return { ...(await runVerify(sides, options, io)), found, reads, watching };
}

describe('contents', () => {
  const FILES = { 'a/small': pattern(1000), large: pattern(3 * MIB), none: new Uint8Array() };

  it('are hashed here alone where the listing tells checksums', async () => {
    const report = await verified(await same(FILES));
    expect(report).toMatchObject({ files: 3, differing: 0, verified: { checksum: 2, size: 1 }, reads: [] });
    expect(report.watching.seen.done.map(({ path, checksum }) => [path, checksum?.algorithm])).toContainEqual(
      ['below/a/small', 'crc32'],
    );
  });

  it('are read and hashed on both sides where the store knows nothing', async () => {
    const report = await verified(await same(FILES, bare));
    expect(report).toMatchObject({ files: 3, differing: 0, verified: { checksum: 2, size: 1 } });
    expect(report.reads.toSorted()).toEqual(['a/small', 'large']);
    const { planned, planEnded, bytes, under } = report.watching.seen;
    expect({ planned, planEnded, bytes, under: [...under] }).toEqual({
      ...{ planned: [3, 3 * MIB + 1000], planEnded: true, bytes: 3 * MIB + 1000, under: [] },
    });
  });

  it('of a large file are not read to the end where the body comes with a checksum', async () => {
    const report = await verified(await same(FILES, bare, (entry) => entry));
    expect(report).toMatchObject({ files: 3, differing: 0 });
    const { done } = report.watching.seen;
    const algorithms = Object.fromEntries(done.map(({ path, checksum }) => [path, checksum?.algorithm]));
    expect(algorithms).toEqual({
      'below/a/small': 'sha256',
      'below/large': 'crc32',
      'below/none': undefined,
    });
  });

  it.each([
    ['listed checksums', (entry: Entry) => entry, undefined],
    ['checksums of bodies', bare, (entry: Entry) => entry],
    ['no checksums', bare, bare],
  ])('that differ in one byte are found with %s', async (_name, listed, opened) => {
    const rig = await same(FILES, listed, opened);
    const other = Buffer.from(FILES.large);
    other[2 * MIB]! ^= 1;
    rig.content.set('large', other);
    const report = await verified(rig);
    expect(report).toMatchObject({ files: 2, differing: 1, differences: { content: 1 } });
    expect(report.found).toMatchObject([{ path: 'below/large', why: 'content', bytes: 3 * MIB }]);
    expect((await verified(rig, { sizeOnly: true })).differing).toBe(0);
  });

  it('are read once more where they came as others, for they may be so on their way alone', async () => {
    const rig = await same(FILES, bare);
    const store: ArtifactStore = {
      ...rig.store,
      read: async (path, options, asked) => {
        const came = rig.reads.includes('a/small') ? FILES['a/small'] : pattern(1000, 7);
        rig.content.set('a/small', Buffer.from(came));
        return rig.store.read(path, options, asked);
      },
    };
    const report = await verified({ ...rig, store });
    expect(report).toMatchObject({ files: 3, differing: 0, verified: { checksum: 2, size: 1 } });
    expect(report.reads.toSorted()).toEqual(['a/small', 'a/small', 'large']);
    expect(report.watching.seen.bytes).toBe(3 * MIB + 1000);
  });

  it('of a size that the listing does not tell', async () => {
    const sizeless = ({ path, kind }: Entry): Entry => ({ path, kind, checksums: [] });
    const rig = await same(FILES, sizeless);
    rig.content.set('a/small', Buffer.from(pattern(999)));
    const report = await verified(rig);
    expect(report.found).toMatchObject([
      { path: 'below/a/small', why: 'size', bytes: 999, localBytes: 1000 },
    ]);
    expect(await verified(rig, { sizeOnly: true })).toMatchObject({ files: 3, verified: { none: 3 } });
  });
});

describe('what cannot be compared', () => {
  it('a file that the store does not give fails by itself', async () => {
    const rig = await same({ a: pattern(10), b: pattern(20), c: pattern(30) }, bare);
    const denied = new Failure({ kind: 'denied', message: 'b may not be read', subject: 'b' });
    const store: ArtifactStore = {
      ...rig.store,
      read: async (path, options, asked) =>
        path === 'b' ? Promise.reject(denied) : rig.store.read(path, options, asked),
    };
    const report = await verified({ ...rig, store });
    expect(report).toMatchObject({ files: 2, failed: 1, differing: 0 });
    expect(report.lost).toMatchObject([{ path: 'below/b', failure: { kind: 'denied' } }]);
  });

  it('a listing that breaks off is told, after what it gave before', async () => {
    const rig = await same({ a: pattern(10), b: pattern(20) });
    const broken = new Failure({ kind: 'unavailable', message: 'gone', subject: '' });
    const cut: ArtifactStore = {
      ...rig.store,
      list: async function* () {
        yield [(await rig.store.stat(at('a'), io))!];
        throw broken;
      },
    };
    expect(await verified({ ...rig, store: cut })).toMatchObject({
      files: 1,
      stopped: { kind: 'unavailable' },
    });
    const never: ArtifactStore = { ...rig.store, list: () => rejecting(broken) };
    await expect(verified({ ...rig, store: never })).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

async function* rejecting(failure: Failure): AsyncGenerator<never> {
  yield* [];
  throw failure;
}
