/** Does things of one sort together: those that come while others are being done wait and are done next. */
export type Batcher<T, R> = (item: T) => Promise<R>;

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Does a batch, and one that fails again one by one, so that the failure of one is no other's. */
async function settle<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  batch: readonly Waiting<T, R>[],
): Promise<void> {
  try {
    const results = await work(batch.map(({ item }) => item));
    batch.forEach(({ resolve }, at) => resolve(results[at] as R));
  } catch (thrown) {
    const [only, ...others] = batch;
    if (only && others.length === 0) only.reject(thrown);
    else for (const one of batch) await settle(work, [one]);
  }
}

/** What is asked for in the same turn belongs to the same batch. */
const sameTurn = async (): Promise<void> => {
  await new Promise<void>((resolve) => setImmediate(resolve));
};

/**
 * Batches calls of `work`, which gives a result for every item, in order. A batch that fails is done again one by one,
 * so that the failure of one is no other's.
 * @param gather resolves when a batch is to be begun, at least one item being there
 */
export function createBatcher<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  most: () => number,
  gather: (isFull: () => boolean) => Promise<void> = sameTurn,
): Batcher<T, R> {
  let waiting: Waiting<T, R>[] = [];
  let busy = false;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      await gather(() => waiting.length >= most());
      const batch = waiting.slice(0, most());
      waiting = waiting.slice(batch.length);
      await settle(work, batch);
    }
    busy = false;
  };

  return async (item) =>
    new Promise<R>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (busy) return;
      busy = true;
      void drain();
    });
}

/** Batches as `createBatcher` does what is asked for in the same turn; nothing waits for what is under way. */
export function createTurnBatcher<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  { most, sizeOf }: { readonly most: number; readonly sizeOf: (item: T) => number },
): Batcher<T, R> {
  let waiting: Waiting<T, R>[] = [];
  let size = 0;
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    size = 0;
    if (batch.length > 0) void settle(work, batch);
  };
  return async (item) =>
    new Promise<R>((resolve, reject) => {
      const added = sizeOf(item);
      if (size + added > most) flush();
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ item, resolve, reject });
      size += added;
    });
}
