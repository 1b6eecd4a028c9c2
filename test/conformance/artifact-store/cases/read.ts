import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Body } from '../../../../src/artifacts/store.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import { openCase } from '../open-case.ts';
import { at, bufferSource, bytesOf, get, pattern, put, sha256 } from '../pattern.ts';

const MIB = 1024 * 1024;
const LARGE = process.env['MLSTOW_SOAK'] === undefined ? 5 * MIB + 3 : 300 * MIB + 3;

async function firstChunk({ stream }: Body): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.once('data', () => resolve());
    stream.once('error', reject);
  });
}

export function readCases(bed: ArtifactStoreBed): void {
  const { ranges } = bed.traits;
  const continues = ranges === 'any' && (bed.versions === 'strong' || bed.bodyVersions === true);

  test('22. a large, a small and an empty object come back identical', async () => {
    const case_ = await openCase(bed);
    for (const size of [LARGE, 1, 0]) {
      const bytes = pattern(size);
      await put(case_, `of-${size}`, bytes);
      const body = await case_.store.read(at(`of-${size}`), {}, case_.io);
      expect(body.start).toBe(0);
      expect(body.entry.path).toBe(`of-${size}`);
      expect([size, undefined]).toContain(body.length);
      expect(sha256(await bytesOf(body))).toBe(sha256(bytes));
    }
  });

  if (ranges !== 'none') {
    test('23. a part from an offset to the end', async () => {
      const case_ = await openCase(bed);
      const bytes = pattern(MIB);
      await put(case_, 'file', bytes);
      for (const start of [1, 1000, MIB - 1]) {
        const body = await case_.store.read(at('file'), { start }, case_.io);
        expect(body.start).toBe(start);
        expect(sha256(await bytesOf(body))).toBe(sha256(bytes.subarray(start)));
      }
    });

    test('24. an offset at or past the end is invalid and names the size', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'file', pattern(1234));
      for (const start of [1234, 5000]) {
        const failure = await expectFailure(case_.store.read(at('file'), { start }, case_.io), 'invalid');
        expect(failure.message).toContain('1234');
      }
    });
  }
  if (ranges === 'any') {
    test('23b. a part with a length, also past the end', async () => {
      const case_ = await openCase(bed);
      const bytes = pattern(200_000);
      await put(case_, 'file', bytes);
      for (const [start, length] of [
        [0, 1],
        [0, 200_000],
        [70_000, 70_000],
        [199_999, 1],
        [199_990, 5_000],
      ] as const) {
        const body = await case_.store.read(at('file'), { start, length }, case_.io);
        expect([Math.min(length, 200_000 - start), undefined]).toContain(body.length);
        expect(sha256(await bytesOf(body))).toBe(sha256(bytes.subarray(start, start + length)));
      }
    });
  }

  if (bed.versions !== 'none') {
    test('26. a pinned version that was overwritten meanwhile is changed', async () => {
      const case_ = await openCase(bed);
      const { entry } = await put(case_, 'file', 'old content');
      const version = (await case_.store.stat(at('file'), case_.io))!.version!;
      expect(entry.version).toEqual(version);
      expect((await bytesOf(await case_.store.read(at('file'), { version }, case_.io))).toString()).toBe(
        'old content',
      );
      await put(case_, 'file', 'new content');
      await expectFailure(case_.store.read(at('file'), { version }, case_.io).then(bytesOf), 'changed');
    });
  }

  test.each(['reset', 'end'] as const)('27. a body cut in the middle (%s) never ends short', async (how) => {
    const bytes = pattern(3 * MIB);
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'read' && nth === 1 ? { cutAfter: MIB + 1, as: how } : undefined),
    });
    await put(case_, 'file', bytes);
    const body = await case_.store.read(at('file'), {}, case_.io);
    const reading = bytesOf(body);
    if (continues) expect(sha256(await reading)).toBe(sha256(bytes));
    else if (how === 'reset' || body.length !== undefined) {
      expect((await expectFailure(reading, 'unavailable')).retry).toBe('later');
      expect(sha256(await get(case_, 'file'))).toBe(sha256(bytes));
    } else expect((await reading).byteLength).toBe(MIB + 1);
  });

  if (continues) {
    test('27b. a body cut again and again goes on as long as bytes come, part reads too', async () => {
      const bytes = pattern(2 * MIB);
      const case_ = await openCase(bed, {
        plan: (verb) => (verb === 'read' ? { cutAfter: 150_000, as: 'reset' } : undefined),
      });
      await put(case_, 'file', bytes);
      expect(sha256(await get(case_, 'file'))).toBe(sha256(bytes));
      const part = await case_.store.read(at('file'), { start: 5, length: MIB }, case_.io);
      expect(sha256(await bytesOf(part))).toBe(sha256(bytes.subarray(5, 5 + MIB)));
    });

    test('27c. a body without progress is given up after three more tries', async () => {
      let reads = 0;
      const case_ = await openCase(bed, {
        plan: (verb) => {
          if (verb !== 'read') return undefined;
          reads += 1;
          return { cutAfter: 0, as: 'reset' };
        },
      });
      await put(case_, 'file', pattern(MIB));
      expect((await expectFailure(get(case_, 'file'), 'unavailable')).retry).toBe('later');
      expect(reads).toBe(4);
    });

    test('27d. a body whose object changed before it could go on fails with changed', async () => {
      const case_ = await openCase(bed, {
        plan: (verb, nth) => (verb === 'read' && nth === 1 ? { cutAfter: 70_000, as: 'reset' } : undefined),
      });
      await put(case_, 'file', pattern(MIB, 1));
      const body = await case_.store.read(at('file'), {}, case_.io);
      await put(case_, 'file', pattern(MIB, 2));
      await expectFailure(bytesOf(body), 'changed');
    });
  }

  test('28. what is stored as gzip comes back as gzip', async () => {
    const case_ = await openCase(bed);
    const zipped = gzipSync(pattern(100_000));
    const source = { ...bufferSource(zipped), media: { type: 'text/csv', encoding: 'gzip' } };
    await case_.store.write(at('table.csv.gz'), source, {}, case_.io);
    expect(sha256(await get(case_, 'table.csv.gz'))).toBe(sha256(zipped));
    expect((await case_.store.stat(at('table.csv.gz'), case_.io))?.size).toBe(zipped.byteLength);
  });

  test('29. destroying bodies half way gives their permits back', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'file', pattern(2 * MIB));
    for (let i = 0; i <= bed.traits.connections; i += 1) {
      const body = await case_.store.read(at('file'), {}, case_.io);
      await firstChunk(body);
      body.stream.destroy();
    }
    expect((await get(case_, 'file')).byteLength).toBe(2 * MIB);
  });

  test('29b. an open body holds a permit until it is closed', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'file', pattern(2 * MIB));
    const open = await Promise.all(
      Array.from({ length: bed.traits.connections }, async () => case_.store.read(at('file'), {}, case_.io)),
    );
    let entered = false;
    const entering = case_.gate.enter(case_.io.signal).then(() => (entered = true));
    await new Promise(setImmediate);
    expect(entered).toBe(false);
    open[0]!.stream.destroy();
    await entering;
    for (const { stream } of open) stream.destroy();
  });

  test('30. what is absent is not-found; a directory is no file', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'dir/file', 'x');
    await expectFailure(get(case_, 'nothing'), 'not-found');
    await expectFailure(get(case_, 'dir/file/below'), 'not-found');
    const kinds =
      bed.traits.directories === 'real' ? (['wrong-kind'] as const) : (['wrong-kind', 'not-found'] as const);
    await expectFailure(get(case_, 'dir'), ...kinds);
  });
}
