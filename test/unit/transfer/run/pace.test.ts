import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { createPace, pacedSource, widthAt } from '../../../../src/transfer/run/pace.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { pattern } from '../../../conformance/artifact-store/pattern.ts';
import { downloadAll, fill, folderOf, io, planOf, sendAll, temporaryFolder, watch } from '../rig.ts';
import { manualClock } from './manual-clock.ts';

const KIB = 1024;

describe('a bandwidth', () => {
  it('lets so many bytes through each second, over all files together', async () => {
    const clock = manualClock();
    const pace = createPace(100 * KIB, clock);
    const send = async (): Promise<void> => {
      for (let i = 0; i < 10; i += 1) {
        const release = await pace.turn(10 * KIB, io.signal);
        pace.passed(10 * KIB);
        release();
      }
    };
    await Promise.all([send(), send(), send()]);
    await pace.turn(1, io.signal);
    expect(clock.now()).toBeCloseTo(3000, 0);
  });

  it('is not saved up while nothing moves', async () => {
    const clock = manualClock();
    const pace = createPace(1000, clock);
    await clock.sleep(60_000);
    pace.passed(1000);
    await pace.turn(1, io.signal);
    expect(clock.now()).toBeCloseTo(61_000, 0);
  });

  it('is given in the order of arrival, and a wait for it ends with the command', async () => {
    const clock = manualClock();
    const pace = createPace(1000, clock);
    pace.passed(5000);
    const order: number[] = [];
    const controller = new AbortController();
    const stopped = pace.turn(1, controller.signal);
    const others = [1, 2, 3].map(async (each) => {
      await pace.turn(1, io.signal);
      order.push(each);
    });
    controller.abort();
    await expect(stopped).rejects.toThrow();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
  });

  it('costs nothing for bytes that are read only for their digest', async () => {
    const clock = manualClock();
    const pace = createPace(1000, clock);
    const source = pacedSource(bytesSource(pattern(100_000)), pace);
    let size = 0;
    for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Buffer>)
      size += chunk.length;
    expect([size, clock.now()]).toEqual([100_000, 0]);
  });

  it('goes in pieces that are short enough to move often, and to fewer files where it is small', () => {
    expect(createPace(1024 ** 3, manualClock()).pieceBytes).toBe(64 * KIB);
    expect(createPace(100 * KIB, manualClock()).pieceBytes).toBe(5 * KIB);
    expect([1, 10 * KIB, 1024 ** 2, 1024 ** 3].map((rate) => widthAt(rate, 32))).toEqual([1, 1, 16, 32]);
  });

  it('holds uploads and downloads to it, without changing a byte', async () => {
    const from = await temporaryFolder();
    await fill(from, { a: pattern(300 * KIB), 'b/c': pattern(200 * KIB, 2) });
    const content = new MemoryContent();
    const store = createMemoryStore({}, { content });
    const clock = manualClock();
    const pace = createPace(100 * KIB, clock);
    await sendAll(store, await planOf([folderOf(from, true)]), io, { clock, pace });
    expect(clock.now()).toBeGreaterThan(4_000);
    expect(content.objects.get('a')?.bytes.equals(pattern(300 * KIB))).toBe(true);
    const before = clock.now();
    await downloadAll(store, join(await temporaryFolder(), 'to'), io, watch(), { clock, pace });
    expect(clock.now() - before).toBeGreaterThan(4_000);
  });
});
