/**
 * Runs `work` on every item, at most `width` at once, taking the next item only when a worker is free.
 * A rejection stops the taking of new items and is thrown after the running ones ended.
 */
export async function forEachBounded<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = iterator(items);
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (!stopped) {
      const next = await source.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  const workers = Array.from({ length: Math.max(1, width) }, () =>
    worker().catch((thrown: unknown) => {
      stopped = true;
      throw thrown;
    }),
  );
  const results = await Promise.allSettled(workers);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function* iterator<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
