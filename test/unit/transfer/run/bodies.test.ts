import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore, Body, Entry } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { faulty } from '../../../conformance/artifact-store/faulty.ts';
import { fakeClock } from '../../../conformance/artifact-store/fake-clock.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, digestOf, pattern } from '../../../conformance/artifact-store/pattern.ts';
import { downloadAll, everythingIn, failureOf, io, temporaryFolder, watch, without } from '../rig.ts';

/** A memory store that holds these files. */
function holding(files: Readonly<Record<string, string | Buffer>>): ArtifactStore {
  const content = new MemoryContent();
  for (const [path, bytes] of Object.entries(files)) content.set(path, Buffer.from(bytes));
  return createMemoryStore({}, { content });
}

/** The same store, whose bodies are another one's. */
function answering(store: ArtifactStore, change: (body: Body) => Partial<Body>): ArtifactStore {
  return {
    ...store,
    read: async (path, options, using) => {
      const body = await store.read(path, options, using);
      return { ...body, ...change(body) };
    },
  };
}

const kinds = (report: { readonly lost: readonly { readonly path: string; readonly failure: Failure }[] }) =>
  report.lost.map(({ path, failure }) => [path, failure.kind]);

describe('a body that was damaged on its way', () => {
  const bytes = pattern(200_000);
  const policy = { maxRetries: 5, backoffMs: 1000, jitterMs: 0, maxWaitMs: 9000, respectRetryAfter: true };

  /** The first bodies are others. */
  function damaging(times: number, damage: (right: Buffer) => Buffer) {
    let reads = 0;
    const store = answering(holding({ a: bytes }), () => {
      reads += 1;
      const chunk = reads > times ? bytes : damage(bytes);
      return { stream: Readable.from([chunk], { objectMode: false }) };
    });
    return { store, reads: () => reads };
  }
  const flip = (right: Buffer): Buffer =>
    Buffer.concat([Buffer.from([255 - (right[0] ?? 0)]), right.subarray(1)]);

  it.each([
    ['a byte is another', flip],
    ['it ends early', (right: Buffer) => right.subarray(0, 10)],
  ])('is fetched anew when %s, and told so', async (_what, damage) => {
    const { store, reads } = damaging(2, damage);
    const clock = fakeClock();
    const told: string[] = [];
    const to = await temporaryFolder();
    const using = { ...io, trace: (event: string) => told.push(event) };
    const report = await downloadAll(store, to, using, watch(), { retry: policy, clock });
    expect(report).toMatchObject({ files: 1, failed: 0, verified: { checksum: 1 } });
    expect((await readFile(join(to, 'a'))).equals(bytes)).toBe(true);
    expect([reads(), clock.waits]).toEqual([3, [0, 2000]]);
    expect(told.filter((event) => event === 'retry')).toHaveLength(2);
    expect(await everythingIn(to)).toEqual(['a']);
  });

  it('is lost when that happens again and again, or where nothing is tried twice', async () => {
    for (const [retry, tries] of [
      [policy, 3],
      [{ ...policy, maxRetries: 1 }, 2],
      [{ ...policy, maxRetries: 0 }, 1],
    ] as const) {
      const { store, reads } = damaging(Infinity, flip);
      const to = await temporaryFolder();
      const report = await downloadAll(store, to, io, watch(), { retry, clock: fakeClock() });
      expect([kinds(report), reads()]).toEqual([[['a', 'corrupt']], tries]);
      expect(report.lost[0]?.failure.retry).toBe('exhausted');
      expect(await everythingIn(to)).toEqual([]);
    }
  });
});

describe('a body that is not what was promised', () => {
  const bytes = pattern(200_000);
  const broken = (chunks: Iterable<Buffer>): Readable => Readable.from(chunks, { objectMode: false });

  it.each<[string, (body: Body) => Partial<Body>, Failure['kind']]>([
    ['too short', () => ({ stream: broken([bytes.subarray(1)]) }), 'corrupt'],
    ['too long', () => ({ stream: broken([bytes, bytes]) }), 'corrupt'],
    ['other bytes', () => ({ stream: broken([pattern(200_000, 2)]) }), 'corrupt'],
    [
      'another length than told',
      ({ entry }) => ({ length: 5, entry: { ...entry, checksums: [] } }),
      'corrupt',
    ],
    [
      'an error of the socket half way',
      () => ({
        stream: broken(
          (function* () {
            yield bytes.subarray(0, 1000);
            throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
          })(),
        ),
      }),
      'unavailable',
    ],
    [
      'a Failure half way',
      () => ({
        stream: broken(
          (function* () {
            yield bytes.subarray(0, 1000);
            throw new Failure({ kind: 'throttled', message: 'slow down', subject: 'x' });
          })(),
        ),
      }),
      'throttled',
    ],
  ])('%s: is lost, leaves nothing and does not stop the others', async (_what, change, kind) => {
    const to = await temporaryFolder();
    await writeFile(join(to, 'a'), 'old');
    const store = holding({ a: bytes, b: 'fine' });
    const report = await downloadAll(
      answering(store, (body) => (body.entry.path === 'a' ? change(body) : {})),
      to,
    );
    expect(kinds(report)).toEqual([['a', kind]]);
    expect(await readFile(join(to, 'a'), 'utf8')).toBe('old');
    expect(await everythingIn(to)).toEqual(['a', 'b']);
  });

  it('is lost when it broke before anybody read it', async () => {
    const to = await temporaryFolder();
    const store = answering(holding({ a: 'x' }), () => {
      const stream = new Readable({ read: () => undefined });
      stream.once('error', () => undefined);
      stream.destroy(new Failure({ kind: 'timeout', message: 'silent', subject: 'a' }));
      return { stream };
    });
    expect(kinds(await downloadAll(store, to))).toEqual([['a', 'timeout']]);
  });

  it('is lost when it breaks after its read and before its first byte', async () => {
    const to = await temporaryFolder();
    const store = answering(holding({ a: 'x' }), () => {
      const stream = new Readable({ read: () => undefined });
      setImmediate(() => stream.destroy(new Failure({ kind: 'timeout', message: 'silent', subject: 'a' })));
      return { stream };
    });
    expect(kinds(await downloadAll(store, to))).toEqual([['a', 'timeout']]);
  });

  it('is lost when it tells a smaller length than that version has in the listing', async () => {
    const to = await temporaryFolder();
    const held = holding({ a: bytes });
    const unsummed: ArtifactStore = {
      ...held,
      list: async function* (under, options, using) {
        for await (const page of held.list(under, options, using))
          yield page.map((entry) => ({ ...entry, checksums: [] }));
      },
    };
    const store = answering(unsummed, ({ entry }) => ({
      length: 5,
      entry: { ...entry, size: 5, checksums: [] },
      stream: broken([bytes.subarray(0, 5)]),
    }));
    expect(kinds(await downloadAll(store, to))).toEqual([['a', 'corrupt']]);
    expect(await everythingIn(to)).toEqual([]);
  });

  const bare = (entry: Entry): Entry => ({ ...without(entry, 'size', 'version'), checksums: [] });

  it('is checked against the listing when it tells nothing itself, and unproven when nobody tells', async () => {
    const to = await temporaryFolder();
    const silent = answering(holding({ a: 'abc' }), ({ entry, stream, start }) => {
      return { entry: bare(entry), stream, start, length: undefined as unknown as number };
    });
    expect((await downloadAll(silent, to)).moved).toMatchObject([{ proof: 'checksum' }]);
    const unlisted: ArtifactStore = {
      ...silent,
      list: async function* () {
        yield [{ path: at('a'), kind: 'file', checksums: [] }];
      },
    };
    expect((await downloadAll(unlisted, to)).moved).toMatchObject([{ proof: 'none', bytes: 3 }]);
    const wrong: ArtifactStore = {
      ...silent,
      list: async function* () {
        yield [{ path: at('a'), kind: 'file', size: 7, checksums: [] }];
      },
    };
    expect(kinds(await downloadAll(wrong, to))).toEqual([['a', 'corrupt']]);
  });

  it('is judged by itself when the object changed since the listing', async () => {
    const stale: Entry = {
      path: at('a'),
      kind: 'file',
      size: 99,
      version: { id: 'older', strong: false },
      checksums: [digestOf(Buffer.from('old'), 'md5')],
    };
    const store: ArtifactStore = {
      ...answering(holding({ a: 'abc' }), ({ entry }) => ({ entry: { ...entry, checksums: [] } })),
      list: async function* () {
        yield [stale];
      },
    };
    expect((await downloadAll(store, await temporaryFolder())).moved).toMatchObject([
      { proof: 'size', bytes: 3 },
    ]);
  });

  it('is fetched as it is by now when the version that was listed is gone', async () => {
    const content = new MemoryContent();
    content.set('a', Buffer.from('one'));
    const store = createMemoryStore({}, { content });
    const racing: ArtifactStore = {
      ...store,
      list: async function* (under, options, using) {
        yield* store.list(under, options, using);
        content.set('a', Buffer.from('two'));
      },
    };
    const to = await temporaryFolder();
    expect((await downloadAll(racing, to)).moved).toMatchObject([{ path: 'a', bytes: 3 }]);
    expect(await readFile(join(to, 'a'), 'utf8')).toBe('two');
  });

  it.each(['crc32', 'crc32c', 'crc64nvme', 'md5', 'sha1', 'sha256'] as const)(
    'is proven by %s alone',
    async (algorithm) => {
      const of = (content: Buffer) =>
        answering(holding({ a: bytes }), ({ entry }) => ({
          entry: { ...entry, checksums: [digestOf(content, algorithm)] },
        }));
      const to = await temporaryFolder();
      expect((await downloadAll(of(bytes), to)).moved).toMatchObject([{ proof: 'checksum' }]);
      expect(kinds(await downloadAll(of(pattern(9)), to))).toEqual([['a', 'corrupt']]);
    },
  );

  it('is not proven by a checksum of parts', async () => {
    const store = answering(holding({ a: bytes }), ({ entry }) => {
      const [checksum] = entry.checksums;
      return { entry: { ...entry, checksums: [{ ...checksum!, value: '00', scope: 'of-parts' as const }] } };
    });
    const listed: ArtifactStore = {
      ...store,
      list: async function* () {
        yield [{ path: at('a'), kind: 'file', checksums: [] }];
      },
    };
    expect((await downloadAll(listed, await temporaryFolder())).moved).toMatchObject([{ proof: 'size' }]);
  });
});

describe('stopping a download', () => {
  it('leaves nothing partial, takes nothing more, and tells why it stopped', async () => {
    const controller = new AbortController();
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, pattern(300_000, i)]));
    const observer = watch();
    const to = await temporaryFolder();
    const reason = new Failure({ kind: 'cancelled', message: 'stopped by SIGTERM', subject: 'mlstow' });
    const stopping = {
      ...observer,
      progress: () => {
        if (observer.seen.done.length >= 6) controller.abort(reason);
      },
    };
    const report = await downloadAll(holding(files), to, { signal: controller.signal }, stopping);
    expect(report.stopped).toBe(reason);
    expect(report.lost).toEqual([]);
    expect(observer.seen.failed).toEqual([]);
    expect(report.moved.length).toBeGreaterThanOrEqual(6);
    expect(report.moved.length).toBeLessThan(40);
    expect(await everythingIn(to)).toEqual(report.moved.map(({ path }) => path).sort());
  });

  it('ends a body that hangs', async () => {
    const controller = new AbortController();
    const store = answering(holding({ a: 'x' }), () => ({ stream: new Readable({ read: () => undefined }) }));
    const to = await temporaryFolder();
    const running = downloadAll(store, to, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    const report = await running;
    expect(report.stopped?.kind).toBe('cancelled');
    expect(await everythingIn(to)).toEqual([]);
  });

  it('a listing that fails before a file was fetched fails the whole', async () => {
    const failure = new Failure({ kind: 'unavailable', message: 'down', subject: 'x' });
    const store = faulty(holding({ a: 'x' }), (verb, nth) =>
      verb === 'page' && nth === 2 ? { before: failure } : undefined,
    );
    expect(await failureOf(downloadAll(store, await temporaryFolder()))).toBe(failure);
  });
});
