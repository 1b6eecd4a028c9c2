import { describe, expect, it } from 'vitest';
import { forEachBounded } from '../../../src/transfer/pool.ts';

const tick = async (): Promise<void> => new Promise(setImmediate);

/** Items that tell whether they were closed, and may break. */
function items(count: number, breakAt = Infinity) {
  const state = { taken: 0, closed: false };
  async function* generate(): AsyncGenerator<number> {
    try {
      for (let i = 0; i < count; i += 1) {
        if (i === breakAt) throw new Error('the listing broke');
        state.taken += 1;
        yield i;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, source: generate() };
}

describe('a bounded pool', () => {
  it('works on every item once, never more than the width at a time', async () => {
    let [now, most] = [0, 0];
    const done: number[] = [];
    const all = await forEachBounded(items(50).source, 3, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await tick();
      now -= 1;
      done.push(item);
    });
    expect([all, most]).toEqual([true, 3]);
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('takes an item only when a worker is free, and has one worker at least', async () => {
    const { state, source } = items(10);
    await forEachBounded(source, 0, async (item) => {
      await tick();
      expect(state.taken).toBe(item + 1);
    });
    expect(await forEachBounded([], 4, tick)).toBe(true);
  });

  it('ends with the first rejection after the running ones ended, and closes the source', async () => {
    const { state, source } = items(100);
    const ended: number[] = [];
    const running = forEachBounded(source, 4, async (item) => {
      await tick();
      if (item === 2) throw new Error('first to be thrown');
      await tick();
      ended.push(item);
      if (item === 3) throw new Error('later');
    });
    await expect(running).rejects.toThrow('first to be thrown');
    expect(ended).toEqual([0, 1, 3]);
    expect(state.closed).toBe(true);
    expect(state.taken).toBeLessThan(10);
  });

  it('ends with what the source fails with', async () => {
    const { source } = items(10, 5);
    const done: number[] = [];
    const running = forEachBounded(source, 2, async (item) => {
      await tick();
      done.push(item);
    });
    await expect(running).rejects.toThrow('the listing broke');
    expect(done).toHaveLength(5);
  });

  it('takes nothing more once it is stopped, and says so', async () => {
    const controller = new AbortController();
    const { state, source } = items(100);
    const done: number[] = [];
    const work = async (item: number): Promise<void> => {
      await tick();
      done.push(item);
      if (item === 5) controller.abort();
    };
    expect(await forEachBounded(source, 2, work, controller.signal)).toBe(false);
    expect(done.length).toBeLessThan(10);
    expect(state.closed).toBe(true);
  });
});
