/** Items on their way from who makes them to who shows them. */
export interface ItemChannel<T> {
  readonly items: AsyncIterable<T>;
  put(item: T): void;
  /** Resolves when few enough items wait, or the signal aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** No item comes any more; `thrown` is what the items end with. */
  end(thrown?: { readonly thrown: unknown }): void;
  /** Resolves when there is an item, or none will come. */
  readonly begun: Promise<void>;
}

/** How many items may wait until those who make them are asked to. */
const MOST_WAITING = 1000;

/** An empty channel; its items are taken once, in order. */
export function createItemChannel<T>(): ItemChannel<T> {
  let waiting: T[] = [];
  let over: { readonly thrown?: unknown } | undefined;
  let broken = false;
  let tell: () => void = () => undefined;
  let begin: () => void = () => undefined;
  let relieve: (() => void)[] = [];
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const wake = (): void => {
    begin();
    tell();
  };
  const take = async function* (): AsyncGenerator<T> {
    for (;;) {
      const batch = waiting;
      waiting = [];
      for (const go of relieve) go();
      relieve = [];
      yield* batch;
      if (waiting.length > 0) continue;
      if (over) break;
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
    if (broken) throw over.thrown;
  };
  return {
    items: take(),
    begun,
    put: (item) => {
      waiting.push(item);
      wake();
    },
    room: async (signal) => {
      if (waiting.length < MOST_WAITING || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', go);
          resolve();
        };
        signal.addEventListener('abort', go, { once: true });
        relieve.push(go);
      });
    },
    end: (thrown) => {
      over = thrown ?? {};
      broken = thrown !== undefined;
      wake();
    },
  };
}

/** Starts what puts items, and resolves with the first one, or the end; what fails before that is thrown here. */
export async function beginFilling<T>(channel: ItemChannel<T>, fill: () => Promise<void>): Promise<void> {
  let early: { readonly thrown: unknown } | undefined;
  fill().then(
    () => channel.end(),
    (thrown: unknown) => {
      early = { thrown };
      channel.end(early);
    },
  );
  await channel.begun;
  if (early) throw early.thrown;
}
