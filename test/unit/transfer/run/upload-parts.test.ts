import { appendFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { partBytesFor, planParts, prefersParts } from '../../../../src/transfer/run/upload-parts.ts';
import { faulty } from '../../../conformance/artifact-store/faulty.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { pattern } from '../../../conformance/artifact-store/pattern.ts';
import { fill, folderOf, io, planOf, sendAll, temporaryFolder, without, type Whole } from '../rig.ts';
import type { UploadRoot } from '../../../../src/transfer/plan/upload-plan.ts';

const kinds = ({ lost }: Whole) => lost.map(({ path, failure }) => [path, failure.kind]);

describe('parts', () => {
  const rules = {
    order: 'any',
    uniform: false,
    needsSize: false,
    begin: async () => Promise.reject(new Error()),
  } as const;
  const MIB = 1024 ** 2;

  it('are 8 MiB, more when there would be too many, within what the store allows', () => {
    const s3 = { ...rules, minBytes: 5 * MIB, maxBytes: 5 * 1024 * MIB, maxParts: 10_000 };
    expect(partBytesFor(100 * MIB, s3)).toBe(8 * MIB);
    expect(partBytesFor(10_000 * 20 * MIB, s3)).toBe(20 * MIB);
    expect(partBytesFor(100, { ...s3, minBytes: 32 * MIB })).toBe(32 * MIB);
    expect(partBytesFor(100, { ...s3, minBytes: 1, maxBytes: 4 * MIB })).toBe(4 * MIB);
    expect(() => partBytesFor(100, { ...s3, maxBytes: 10, maxParts: 9 })).toThrow(Failure);
    expect(partBytesFor(90, { ...s3, minBytes: 1, maxBytes: 10, maxParts: 9 })).toBe(10);
  });

  it('are few enough for a file of 5 TiB, at every store, and cover it', () => {
    const size = 5 * 1024 ** 2 * MIB;
    for (const [maxParts, maxBytes, expected] of [
      [10_000, 5 * 1024 * MIB, 525 * MIB],
      [50_000, 4000 * MIB, 105 * MIB],
    ] as const) {
      const partBytes = partBytesFor(size, { ...rules, minBytes: 5 * MIB, maxBytes, maxParts });
      expect(partBytes).toBe(expected);
      let [count, end] = [0, 0];
      for (const part of planParts(size, partBytes)) {
        expect(part.offset).toBe(end);
        end += part.size;
        count += 1;
      }
      expect(end).toBe(size);
      expect(count).toBeLessThanOrEqual(maxParts);
    }
  });

  it('of a file that changes meanwhile are given up, and the file is named', async () => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(5_300_000) });
    const verbs: string[] = [];
    const content = new MemoryContent();
    const store = faulty(
      createMemoryStore({ maxWriteBytes: 2 ** 20 }, { content, multipart: 'any' }),
      (verb, nth) => {
        verbs.push(verb);
        if (verb === 'part' && nth === 2) appendFileSync(join(from, 'big'), 'more');
        return undefined;
      },
    );
    const report = await sendAll(store, await planOf([folderOf(from, true)]));
    expect(report.lost.map(({ path, failure }) => [path, failure.kind])).toEqual([['big', 'changed']]);
    expect(report.lost[0]?.failure.message).toContain(join(from, 'big'));
    expect([verbs.filter((verb) => verb === 'abort').length, content.objects.size]).toEqual([1, 0]);
  });

  it('are as large as a setting says, which beats the store, and never used where it forbids them', async () => {
    const verbs: string[] = [];
    const store = faulty(createMemoryStore({}, { multipart: 'any' }), (verb) => {
      verbs.push(verb);
      return undefined;
    });
    const roots = await plan(300_000);
    const rule = { fromBytes: 200_000, partBytes: 100_000 };
    expect((await sendAll(store, roots, io, { parts: rule })).files).toBe(1);
    expect(verbs.filter((verb) => verb === 'part')).toHaveLength(3);
    verbs.length = 0;
    const eager: ArtifactStore = {
      ...store,
      multipart: { ...store.multipart!, preferred: { fromBytes: 1, partBytes: 100_000 } },
    };
    expect((await sendAll(eager, roots, io, { parts: 'never' })).files).toBe(1);
    expect(verbs).toEqual(['write']);
  });

  it('are as large, and used from the size on, that the store prefers', () => {
    const s3 = { ...rules, minBytes: 5 * MIB, maxBytes: 5 * 1024 * MIB, maxParts: 10_000 };
    const preferring = (partBytes: number, fromBytes = 0) => ({ ...s3, preferred: { partBytes, fromBytes } });
    expect(partBytesFor(100 * MIB, preferring(100 * MIB))).toBe(100 * MIB);
    expect(partBytesFor(100 * MIB, preferring(MIB))).toBe(5 * MIB);
    expect(partBytesFor(10_000 * 20 * MIB, preferring(10 * MIB))).toBe(20 * MIB);
    expect([64, 65].map((size) => prefersParts(size * MIB, s3))).toEqual([false, true]);
    expect([99, 100].map((size) => prefersParts(size, preferring(1, 100)))).toEqual([false, true]);
    expect(prefersParts(0, preferring(1))).toBe(false);
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

  const plan = async (size: number): Promise<readonly UploadRoot[]> => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(size) });
    return planOf([folderOf(join(from, 'big'))], '');
  };

  it.each(['any', 'sequential'] as const)('of order %s make the file', async (multipart) => {
    const content = new MemoryContent();
    const store = createMemoryStore({ maxWriteBytes: 2 ** 20 }, { content, multipart });
    const report = await sendAll(store, await plan(5_300_000));
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
      expect(kinds(await sendAll(store, await plan(5_300_000)))).toEqual([['big', 'denied']]);
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
    const report = await sendAll(watched, await plan(5_300_000), {
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
    expect((await sendAll(refusing(content, 2 ** 30), big)).moved).toMatchObject([{ bytes: 66 * MIB }]);
    expect(kinds(await sendAll(refusing(content, 2 ** 20), big))).toEqual([['big', 'unsupported']]);
  });
});

describe('standard input', () => {
  const stdin = async (bytes: Buffer, chunk = 64 * 1024): Promise<readonly UploadRoot[]> => {
    const chunks = function* () {
      for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk);
    };
    return planOf([{ kind: 'stream', name: 'in', stream: Readable.from(chunks()) }], '');
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
      const report = await sendAll(
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
    await sendAll(
      createMemoryStore({ unknownLength: 'multipart' }, { content }),
      await stdin(bytes, bytes.length),
    );
    expect(content.objects.get('in')?.bytes.equals(bytes)).toBe(true);
  });

  it('goes to a file of a folder as it comes', async () => {
    const to = await temporaryFolder();
    expect((await sendAll(openLocalStore(to), await stdin(pattern(3_000_000)))).moved).toMatchObject([
      { bytes: 3_000_000, proof: 'size' },
    ]);
    expect((await stat(join(to, 'in'))).size).toBe(3_000_000);
  });

  it('is refused where the size must be known, or has more parts than the store takes; the input is closed', async () => {
    const store = createMemoryStore({ unknownLength: 'multipart' });
    const needy: ArtifactStore = { ...store, multipart: { ...store.multipart!, needsSize: true } };
    const few: ArtifactStore = { ...store, multipart: { ...store.multipart!, maxParts: 2 } };
    const bare = without(store, 'multipart');
    const partless: ArtifactStore = { ...bare, traits: { ...bare.traits, maxWriteBytes: PART } };
    for (const [target, kind] of [
      [needy, 'unsupported'],
      [few, 'too-large'],
      [partless, 'unsupported'],
    ] as const) {
      const input = Readable.from(Array.from({ length: 9 }, () => pattern(PART / 2)));
      const plan = await planOf([{ kind: 'stream', name: 'in', stream: input }], '');
      expect(kinds(await sendAll(target, plan))).toEqual([['in', kind]]);
      expect(input.destroyed).toBe(true);
    }
  });

  it.each(['write', 'multipart'] as const)('that hangs is ended by a cancel (%s)', async (unknownLength) => {
    const controller = new AbortController();
    const input = new Readable({ read: () => undefined });
    const plan = await planOf([{ kind: 'stream', name: 'in', stream: input }], '');
    setTimeout(() => controller.abort(), 20);
    const report = await sendAll(createMemoryStore({ unknownLength }), plan, { signal: controller.signal });
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
    const plan = await planOf([{ kind: 'stream', name: 'in', stream: input }], '');
    const report = await sendAll(createMemoryStore({ unknownLength: 'multipart' }, { content }), plan);
    expect([report.lost.length, content.objects.size]).toEqual([1, 0]);
  });
});
