import { expect, it } from 'vitest';
import { createGathering } from '../../../src/gc/gathering.ts';
import type { Clock } from '../../../src/core/clock.ts';

const turn = async (): Promise<void> => {
  await new Promise<void>((resolve) => setImmediate(resolve));
};

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at += 1) await turn();
}

/** A clock that stands still until it is told to go on. */
function standingClock() {
  const waiting = new Set<() => void>();
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: async (ms, signal) => {
      waits.push(ms);
      await new Promise<void>((resolve, reject) => {
        waiting.add(resolve);
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      });
    },
  };
  const goOn = (): void => {
    for (const go of waiting) go();
  };
  return { clock, waits, goOn };
}

/** A batcher of up to three that notes its batches, on a clock that stands still. */
function setUp() {
  const { clock, waits, goOn } = standingClock();
  const gathering = createGathering(clock);
  const batches: (readonly string[])[] = [];
  const ask = gathering.batcher<string, string>(
    async (items) => {
      batches.push(items);
      return Promise.resolve(items.map((item) => `${item} done`));
    },
    () => 3,
  );
  return { gathering, ask, batches, waits, goOn };
}

it('waits for an item under way that may join the batch', async () => {
  const { gathering, ask, batches } = setUp();
  let seen = (): void => undefined;
  const looking = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const quick = gathering.during(() => ask('quick'));
  const slow = gathering.during(async () => {
    await looking;
    return ask('slow');
  });
  await turns();
  expect(batches).toEqual([]);
  seen();
  expect(await Promise.all([quick, slow])).toEqual(['quick done', 'slow done']);
  expect(batches).toEqual([['quick', 'slow']]);
});

it('waits for nobody when the last item under way has ended', async () => {
  const { gathering, ask, batches } = setUp();
  const other = gathering.during(async () => turn());
  expect(await gathering.during(() => ask('a'))).toBe('a done');
  await other;
  expect(batches).toEqual([['a']]);
});

it('begins a full batch though others are under way, and waits for them again', async () => {
  const { gathering, ask, batches } = setUp();
  let end = (): void => undefined;
  const busy = gathering.during(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const asked = ['a', 'b', 'c', 'd'].map((item) => gathering.during(() => ask(item)));
  await Promise.all(asked.slice(0, 3));
  await turns();
  expect(batches).toEqual([['a', 'b', 'c']]);
  end();
  await Promise.all([busy, ...asked]);
  expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
});

it('waits for a slow item for a moment only', async () => {
  const { gathering, ask, batches, waits, goOn } = setUp();
  let end = (): void => undefined;
  const slow = gathering.during(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const quick = gathering.during(() => ask('quick'));
  await turns();
  expect(batches).toEqual([]);
  expect(waits).toEqual([20]);
  goOn();
  expect(await quick).toBe('quick done');
  end();
  await slow;
});
