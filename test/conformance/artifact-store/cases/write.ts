import { expect, test } from 'vitest';
import { Failure } from '../../../../src/core/failure.ts';
import type { ArtifactStoreBed } from '../bed.ts';
import { expectFailure, failureOf } from '../expect-failure.ts';
import { openCase, type Case } from '../open-case.ts';
import {
  at,
  digestOf,
  filesOf,
  get,
  pattern,
  patternSource,
  put,
  sha256,
  type PatternOptions,
} from '../pattern.ts';

const SIZE = 700_000;

const lost = (effect: 'none' | 'unknown') =>
  new Failure({ kind: 'unavailable', message: 'no answer came', subject: '', retry: 'later', effect });

export function writeCases(bed: ArtifactStoreBed): void {
  /** Expects that a write that failed published nothing, kept what was there and left nothing behind. */
  const expectUntouched = async (case_: Case, old: Buffer) => {
    expect(sha256(await get(case_, 'old'))).toBe(sha256(old));
    expect(await filesOf(case_)).toEqual(['old']);
    expect((await bed.leftovers?.(case_.root)) ?? ['old']).toEqual(['old']);
  };

  test('31. a write replaces what was there and tells what it stored', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'a/file', pattern(SIZE, 1));
    const { entry, proof } = await put(case_, 'a/file', pattern(1000, 2));
    expect(entry).toMatchObject({ path: 'a/file', kind: 'file', size: 1000 });
    expect(['checksum', 'size', 'none']).toContain(proof);
    expect(sha256(await get(case_, 'a/file'))).toBe(sha256(pattern(1000, 2)));
  });

  if (bed.traits.publish === 'replace') {
    test('31b. a reader meanwhile sees the old or the new, whole', async () => {
      const case_ = await openCase(bed);
      const known = [1, 2].map((seed) => sha256(pattern(SIZE, seed)));
      await put(case_, 'file', pattern(SIZE, 1));
      let writing = true as boolean;
      const writes = (async () => {
        for (let i = 0; i < 12; i += 1) await put(case_, 'file', pattern(SIZE, 1 + (i % 2)));
        writing = false;
      })();
      while (writing) expect(known).toContain(sha256(await get(case_, 'file')));
      await writes;
    });
  }

  const lies: readonly (readonly [string, PatternOptions])[] = [
    ['is short by one byte', { announced: SIZE + 1 }],
    ['is long by one byte', { announced: SIZE - 1 }],
    ['fails half way', { failAfter: SIZE / 2 }],
  ];
  test.each(lies)('32. a source that %s publishes nothing', async (_text, options) => {
    const case_ = await openCase(bed);
    const old = pattern(5000, 9);
    await put(case_, 'old', old);
    await failureOf(case_.store.write(at('new'), patternSource(SIZE, options), {}, case_.io));
    await failureOf(case_.store.write(at('old'), patternSource(SIZE, options), {}, case_.io));
    await expectUntouched(case_, old);
  });

  if (bed.traits.unknownLength === 'write') {
    test.each([0, 1, SIZE])('33. %d bytes of unknown length', async (size) => {
      const case_ = await openCase(bed);
      const source = patternSource(size, { announced: 'unknown', replayable: false });
      const { entry } = await case_.store.write(at('stdin'), source, {}, case_.io);
      expect(entry.size).toBe(size);
      expect(sha256(await get(case_, 'stdin'))).toBe(sha256(pattern(size)));
    });

    test('33b. a source of unknown length that fails publishes nothing', async () => {
      const case_ = await openCase(bed);
      const old = pattern(10);
      await put(case_, 'old', old);
      const source = patternSource(SIZE, { announced: 'unknown', failAfter: SIZE / 2, replayable: false });
      await failureOf(case_.store.write(at('old'), source, {}, case_.io));
      await expectUntouched(case_, old);
    });
  }

  if (bed.traits.ifAbsent !== 'none') {
    test('34. when absent: what is there stays, and exists is told', async () => {
      const case_ = await openCase(bed);
      const when = { absent: true } as const;
      await case_.store.write(at('old'), patternSource(10, { seed: 1 }), { when }, case_.io);
      await expectFailure(
        case_.store.write(at('old'), patternSource(10, { seed: 2 }), { when }, case_.io),
        'exists',
      );
      await expectUntouched(case_, pattern(10, 1));
    });

    test('36. a write whose answer was lost is stored, not exists', async () => {
      const case_ = await openCase(bed, {
        plan: (verb, nth) => (verb === 'write' && nth === 1 ? { after: lost('unknown') } : undefined),
      });
      const when = { absent: true } as const;
      const { entry } = await case_.store.write(at('file'), patternSource(SIZE), { when }, case_.io);
      expect(entry.size).toBe(SIZE);
      expect(sha256(await get(case_, 'file'))).toBe(sha256(pattern(SIZE)));
    });

    test('36b. another one of the same size is not taken for ours', async () => {
      const case_ = await openCase(bed, {
        plan: (verb, nth) => (verb === 'write' && nth === 2 ? { before: lost('unknown') } : undefined),
      });
      await put(case_, 'file', pattern(1000, 1));
      const theirs = patternSource(1000, { seed: 2 });
      await expectFailure(
        case_.store.write(at('file'), theirs, { when: { absent: true } }, case_.io),
        'exists',
      );
    });
  }
  if (bed.traits.ifAbsent === 'atomic') {
    test('34b. when absent: of writers at once exactly one wins', async () => {
      const case_ = await openCase(bed);
      const writers = [1, 2, 3, 4].map(async (seed) =>
        case_.store.write(at('file'), patternSource(SIZE, { seed }), { when: { absent: true } }, case_.io),
      );
      const settled = await Promise.allSettled(writers);
      const winners = settled.flatMap(({ status }, index) => (status === 'fulfilled' ? [index + 1] : []));
      expect(winners).toHaveLength(1);
      const reasons = settled.flatMap((each) =>
        each.status === 'rejected' ? [(each.reason as Failure).kind] : [],
      );
      expect(reasons).toEqual(['exists', 'exists', 'exists']);
      expect(sha256(await get(case_, 'file'))).toBe(sha256(pattern(SIZE, winners[0])));
    });
  }

  if (bed.versions !== 'none') {
    test('35. when version: a stale one is changed, the current one is replaced', async () => {
      const case_ = await openCase(bed);
      const stale = (await put(case_, 'old', 'first')).entry.version!;
      const current = (await put(case_, 'old', 'second')).entry.version!;
      const write = async (version: typeof stale) =>
        case_.store.write(at('old'), patternSource(77), { when: { version } }, case_.io);
      await expectFailure(write(stale), 'changed');
      expect((await get(case_, 'old')).toString()).toBe('second');
      await write(current);
      expect(sha256(await get(case_, 'old'))).toBe(sha256(pattern(77)));
    });
  }

  for (const algorithm of bed.traits.proofs) {
    test(`37. a right ${algorithm} proves, a wrong one publishes nothing`, async () => {
      const case_ = await openCase(bed);
      const old = pattern(20);
      const right = digestOf(old, algorithm);
      const stored = await case_.store.write(
        at('old'),
        patternSource(20, { checksums: [right] }),
        {},
        case_.io,
      );
      expect(stored.proof).toBe('checksum');
      const wrong = patternSource(SIZE, { checksums: [right] });
      await expectFailure(case_.store.write(at('old'), wrong, {}, case_.io), 'corrupt');
      await expectFailure(case_.store.write(at('new'), wrong, {}, case_.io), 'corrupt');
      await expectUntouched(case_, old);
    });
  }

  test('38. a source that cannot be replayed is opened once at most', async () => {
    let opened = 0;
    const plan = (fault: { before: Failure } | { after: Failure }) =>
      openCase(bed, { plan: (verb, nth) => (verb === 'write' && nth === 1 ? fault : undefined) });
    const source = () => patternSource(SIZE, { replayable: false, onOpen: () => (opened += 1) });
    const late = await plan({ after: lost('none') });
    await expectFailure(late.store.write(at('file'), source(), {}, late.io), 'unavailable');
    expect(opened).toBe(1);
    const early = await plan({ before: lost('none') });
    await early.store.write(at('file'), source(), {}, early.io);
    expect(opened).toBe(2);
  });

  test('38b. one that can is sent again', async () => {
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'write' && nth < 3 ? { before: lost('unknown') } : undefined),
    });
    await case_.store.write(at('file'), patternSource(SIZE), {}, case_.io);
    expect(sha256(await get(case_, 'file'))).toBe(sha256(pattern(SIZE)));
    expect(case_.clock.waits).toEqual([0, 4_000]);
  });

  if (bed.traits.directories === 'real') {
    test('30b. a file is not written where a directory is, nor below a file', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/file', 'x');
      await expectFailure(put(case_, 'dir', 'y'), 'wrong-kind');
      await expectFailure(put(case_, 'dir/file/below', 'y'), 'wrong-kind');
      expect(await filesOf(case_)).toEqual(['dir/file']);
    });
  }
}
