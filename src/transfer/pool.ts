/**
 * Runs `work` on every item, at most `width` at once, taking the next item only when a worker is free. A rejection, or an
 * abort of `signal`, stops the taking of new items; the first rejection is thrown after the running ones ended. The source
 * of items is closed in any case.
 * @returns whether every item was worked on
 */
export async function forEachBounded<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<boolean> {
  const source = iterate(items);
  const failures: unknown[] = [];
  let left = false;
  const isOver = (): boolean => failures.length > 0 || signal?.aborted === true;
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = await source.next();
      if (next.done === true) return;
      if (isOver()) {
        left = true;
        return;
      }
      await work(next.value);
    }
  };
  const guarded = async (): Promise<void> =>
    worker().catch((thrown: unknown) => {
      failures.push(thrown);
    });
  await Promise.all(Array.from({ length: Math.max(1, width) }, guarded));
  await source.return(undefined);
  if (failures.length > 0) throw failures[0];
  return !left;
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void> {
  yield* items;
}
