import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { fakeClock } from '../../../conformance/artifact-store/fake-clock.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { digestOf, pattern } from '../../../conformance/artifact-store/pattern.ts';
import { downloadAll, everythingIn, io, temporaryFolder, watch, type Whole } from '../rig.ts';

const KIB = 1024;
const ranges = { fromBytes: 200 * KIB, rangeBytes: 64 * KIB };
const kinds = ({ lost }: Whole) => lost.map(({ path, failure }) => [path, failure.kind]);

type Read = ArtifactStore['read'];

/** A store whose reads pass through another function; every range asked for is written down. */
function reading(content: MemoryContent, change: (read: Read) => Read = (read) => read) {
  const store = createMemoryStore({ connections: 8 }, { content });
  const asked: string[] = [];
  const read = change(async (...all) => store.read(...all));
  const watched: ArtifactStore = {
    ...store,
    read: async (path, ask, using) => {
      asked.push(`${path} ${ask.start ?? 'all'}+${ask.length ?? ''}`);
      return read(path, ask, using);
    },
  };
  return { store: watched, asked };
}

const fetchAll = async (store: ArtifactStore, to: string, signal = io.signal) =>
  downloadAll(store, to, { signal }, watch(), { ranges });

describe('a large file', () => {
  const big = pattern(500 * KIB + 7);

  it('is fetched in ranges, some at once, and is whole; a small one is not', async () => {
    const content = new MemoryContent();
    content.set('big', big);
    content.set('small', pattern(1000));
    let [now, most] = [0, 0];
    const { store, asked } = reading(content, (read) => async (...all) => {
      most = Math.max(most, (now += 1));
      await new Promise(setImmediate);
      now -= 1;
      return read(...all);
    });
    const to = await temporaryFolder();
    const observer = watch();
    const report = await downloadAll(store, to, io, observer, { ranges });
    expect(report).toMatchObject({ files: 2, failed: 0, verified: { checksum: 2 } });
    expect(observer.seen.bytes).toBe(big.length + 1000);
    expect((await readFile(join(to, 'big'))).equals(big)).toBe(true);
    expect(asked.filter((each) => each.startsWith('big'))).toHaveLength(8);
    expect(asked).toContain('big 0+65536');
    expect(asked).toContain('big 458752+53255');
    expect(asked).toContain('small all+');
    expect(most).toBeGreaterThan(2);
    expect(await everythingIn(to)).toEqual(['big', 'small']);
  });

  it.each([
    ['no strong version', (entry: object) => ({ ...entry, version: { id: 'v1', strong: false } })],
    ['no version', (entry: object) => ({ ...entry, version: undefined })],
    ['no size', (entry: object) => ({ ...entry, size: undefined })],
  ])('with %s is fetched as one', async (_what, change) => {
    const content = new MemoryContent();
    content.set('big', big);
    const { store, asked } = reading(content);
    const vague: ArtifactStore = {
      ...store,
      list: async function* (...all) {
        for await (const page of store.list(...all)) yield page.map((entry) => change(entry) as typeof entry);
      },
    };
    const to = await temporaryFolder();
    expect((await fetchAll(vague, to)).failed).toBe(0);
    expect(asked).toEqual(['big all+']);
  });

  it.each(['crc32', 'crc32c', 'crc64nvme', 'md5', 'sha1', 'sha256'] as const)(
    'is proven by %s of the whole, and lost when that differs',
    async (algorithm) => {
      for (const [of, lost] of [
        [big, []],
        [pattern(9), [['big', 'corrupt']]],
      ] as const) {
        const content = new MemoryContent();
        content.set('big', big);
        const { store } = reading(content);
        const knowing: ArtifactStore = {
          ...store,
          list: async function* (...all) {
            for await (const page of store.list(...all))
              yield page.map((entry) => ({ ...entry, checksums: [digestOf(of, algorithm)] }));
          },
        };
        const to = await temporaryFolder();
        await writeFile(join(to, 'big'), 'old');
        const report = await fetchAll(knowing, to);
        expect(kinds(report)).toEqual(lost);
        expect(await everythingIn(to)).toEqual(['big']);
        expect((await readFile(join(to, 'big'))).length).toBe(lost.length === 0 ? big.length : 3);
      }
    },
  );

  it.each(['crc32', 'crc32c', 'md5'] as const)(
    'of which only answers tell the %s is proven by it, and lost when that differs',
    async (algorithm) => {
      for (const [of, lost] of [
        [big, []],
        [pattern(9), [['big', 'corrupt']]],
      ] as const) {
        const content = new MemoryContent();
        content.set('big', big);
        const { store } = reading(content, (read) => async (...all) => {
          const body = await read(...all);
          return { ...body, entry: { ...body.entry, checksums: [digestOf(of, algorithm)] } };
        });
        const silent: ArtifactStore = {
          ...store,
          list: async function* (...all) {
            for await (const page of store.list(...all))
              yield page.map((entry) => ({ ...entry, checksums: [] }));
          },
        };
        const report = await fetchAll(silent, await temporaryFolder());
        expect(kinds(report)).toEqual(lost);
        expect(report.verified.checksum).toBe(1 - lost.length);
      }
    },
  );

  it('that changes is begun anew and never mixed', async () => {
    const content = new MemoryContent();
    content.set('big', big);
    const other = pattern(400 * KIB, 9);
    let reads = 0;
    const { store } = reading(content, (read) => async (...all) => {
      reads += 1;
      if (reads === 4) content.set('big', other);
      return read(...all);
    });
    const to = await temporaryFolder();
    expect((await fetchAll(store, to)).moved).toMatchObject([{ path: 'big', bytes: other.length }]);
    expect((await readFile(join(to, 'big'))).equals(other)).toBe(true);
    expect(await everythingIn(to)).toEqual(['big']);
  });

  it('that never stops changing is lost after some tries', async () => {
    const content = new MemoryContent();
    content.set('big', big);
    let reads = 0;
    const { store } = reading(content, (read) => async (path, ask, using) => {
      reads += 1;
      if (ask.length !== 1) content.set('big', pattern(500 * KIB, reads));
      return read(path, ask, using);
    });
    const to = await temporaryFolder();
    expect(kinds(await fetchAll(store, to))).toEqual([['big', 'changed']]);
    expect(await everythingIn(to)).toEqual([]);
    expect(reads).toBeLessThan(60);
  });

  const policy = { maxRetries: 5, backoffMs: 1000, jitterMs: 0, maxWaitMs: 9000, respectRetryAfter: true };
  const patiently = async (store: ArtifactStore, to: string) =>
    downloadAll(store, to, io, watch(), { ranges, retry: policy, clock: fakeClock() });

  it('of which a byte came as another is fetched anew, and lost when that happens each time', async () => {
    for (const [times, lost] of [
      [1, []],
      [Infinity, [['big', 'corrupt']]],
    ] as const) {
      const content = new MemoryContent();
      content.set('big', big);
      let struck = 0;
      const { store, asked } = reading(content, (read) => async (path, ask, using) => {
        const body = await read(path, ask, using);
        if (ask.start !== 64 * KIB || struck >= times) return body;
        struck += 1;
        const other = Buffer.from(big.subarray(ask.start, ask.start + (ask.length ?? 0)));
        other.writeUInt8(other.readUInt8(100) ^ 1, 100);
        return { ...body, stream: Readable.from([other], { objectMode: false }) };
      });
      const to = await temporaryFolder();
      expect(kinds(await patiently(store, to))).toEqual(lost);
      expect(asked).toHaveLength(8 * (lost.length === 0 ? 2 : 3));
      expect(await everythingIn(to)).toEqual(lost.length === 0 ? ['big'] : []);
    }
  });

  it('of which a range came short is asked for that range again, and for no other', async () => {
    const content = new MemoryContent();
    content.set('big', big);
    let short = 0;
    const { store, asked } = reading(content, (read) => async (path, ask, using) => {
      const cut = ask.start === 64 * KIB && short < 2 ? 1 : 0;
      short += cut;
      return read(path, { ...ask, length: (ask.length ?? 1) - cut }, using);
    });
    const to = await temporaryFolder();
    expect(await patiently(store, to)).toMatchObject({ files: 1, failed: 0 });
    expect(asked).toHaveLength(10);
    expect((await readFile(join(to, 'big'))).equals(big)).toBe(true);
  });

  it.each<[string, (read: Read) => Read, Failure['kind']]>([
    [
      'a range fails for good',
      (read) => async (path, ask, using) => {
        if ((ask.start ?? 0) > 300 * KIB)
          throw new Failure({ kind: 'denied', message: 'no', subject: 'big' });
        return read(path, ask, using);
      },
      'denied',
    ],
    [
      'the server gives another range',
      (read) => async (path, ask, using) => ({ ...(await read(path, ask, using)), start: 0 }),
      'corrupt',
    ],
    [
      'a range is short',
      (read) => async (path, ask, using) => read(path, { ...ask, length: (ask.length ?? 1) - 1 }, using),
      'corrupt',
    ],
  ])('is lost when %s, and nothing of it stays', async (_what, change, kind) => {
    const content = new MemoryContent();
    content.set('big', big);
    content.set('small', Buffer.from('x'));
    const to = await temporaryFolder();
    const report = await fetchAll(reading(content, change).store, to);
    expect(kinds(report).filter(([path]) => path === 'big')).toEqual([['big', kind]]);
    expect((await everythingIn(to)).filter((name) => name !== 'small')).toEqual([]);
  });

  it('leaves nothing when the command is stopped', async () => {
    const content = new MemoryContent();
    content.set('big', big);
    const controller = new AbortController();
    let reads = 0;
    const { store } = reading(content, (read) => async (...all) => {
      reads += 1;
      if (reads === 3) controller.abort();
      return read(...all);
    });
    const to = await temporaryFolder();
    const report = await fetchAll(store, to, controller.signal);
    expect([report.stopped?.kind, report.files]).toEqual(['cancelled', 0]);
    expect(await everythingIn(to)).toEqual([]);
  });
});
