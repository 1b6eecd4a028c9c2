import type { Clock } from '../../../src/core/clock.ts';

/** A clock that moves only when something sleeps, at once, and remembers how long each sleep was to be, in ms. */
export function fakeClock(): Clock & { readonly waits: readonly number[] } {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}
