import type { Clock } from '../../../../src/core/clock.ts';

/** A clock that moves only when somebody waits for it, as far as the nearest wait. */
export function manualClock(): Clock & { readonly waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  const waiting = new Set<{ readonly at: number; readonly go: () => void }>();
  const advance = (): void => {
    const [next] = [...waiting].sort((a, b) => a.at - b.at);
    if (!next) return;
    now = Math.max(now, next.at);
    waiting.delete(next);
    next.go();
    if (waiting.size > 0) setImmediate(advance);
  };
  return {
    waits,
    now: () => now,
    sleep: async (ms, signal) => {
      waits.push(ms);
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          waiting.delete(one);
          reject(new DOMException('aborted', 'AbortError'));
        };
        const go = (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const one = { at: now + ms, go };
        waiting.add(one);
        signal?.addEventListener('abort', stop, { once: true });
        setImmediate(advance);
      });
    },
  };
}
