import type { Entry } from '../../artifacts/store.ts';
import { comparePaths } from '../../core/order.ts';
import type { Planned } from '../items.ts';
import type { There } from './look-here.ts';

/** An item of a plan, and what is under its name at the destination; undefined for nothing. */
export interface Met<F> {
  readonly item: Planned<F>;
  readonly there?: There | undefined;
}

/** Finds out what is at the destination of every file. */
export type Meet<F> = (items: AsyncIterable<Planned<F>>) => AsyncIterable<Met<F>>;

/**
 * Both in path order: each is read once, side by side. A directory under the name of a file is not found this way; it
 * fails that file when it is moved.
 */
export function meetListing<F>(listing: () => AsyncIterable<Entry>, pathOf: (file: F) => string): Meet<F> {
  return async function* (items): AsyncGenerator<Met<F>> {
    const cursor = openCursor(listing());
    try {
      for await (const item of items) {
        yield item.kind === 'file' ? { item, there: await cursor.find(pathOf(item.file)) } : { item };
      }
    } finally {
      await cursor.close();
    }
  };
}

/** A listing that is asked for paths in its own order. */
interface Cursor {
  find(path: string): Promise<Entry | undefined>;
  close(): Promise<void>;
}

function openCursor(listing: AsyncIterable<Entry>): Cursor {
  const entries = listing[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Entry, unknown>> | undefined;
  return {
    find: async (path) => {
      for (;;) {
        next ??= entries.next();
        const found = await next;
        if (found.done === true) return undefined;
        const { value } = found;
        if (comparePaths(value.path, path, value.kind === 'directory') >= 0)
          return value.path === path ? value : undefined;
        next = undefined;
      }
    },
    close: async () => {
      await entries.return?.();
    },
  };
}

/** How many questions are under way at once. */
const TOGETHER = 32;

/** Asks for each file by itself, some at once; items keep their order. */
export function meetEach<F>(ask: (file: F) => Promise<There | undefined>, together = TOGETHER): Meet<F> {
  const met = async (item: Planned<F>): Promise<Met<F>> =>
    item.kind === 'file' ? { item, there: await ask(item.file) } : { item };
  return async function* (items) {
    let batch: Planned<F>[] = [];
    for await (const item of items) {
      if (batch.push(item) < together) continue;
      yield* await Promise.all(batch.map(met));
      batch = [];
    }
    yield* await Promise.all(batch.map(met));
  };
}

/** For a destination that is known to hold none of the files. */
export async function* meetNothing<F>(items: AsyncIterable<Planned<F>>): AsyncGenerator<Met<F>> {
  for await (const item of items) yield { item };
}
