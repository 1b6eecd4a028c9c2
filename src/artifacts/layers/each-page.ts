import type { Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import type { RunOperation } from './run-operation.ts';

/** A generator that threw is over, so a page that is tried again comes from a new one, which begins at the beginning. */
export async function* eachPage<T>(
  ask: { readonly verb: 'confirm' | 'unfinished' | 'versions'; readonly path: Under },
  open: (io: Io) => AsyncIterable<readonly T[]>,
  run: RunOperation,
  io: Io,
): AsyncGenerator<readonly T[], void> {
  let pages: AsyncIterator<readonly T[], unknown> | undefined;
  try {
    for (;;) {
      let tried = false;
      const page = await run({ ...ask, repeatable: true }, io, async (inner) => {
        if (tried) await pages?.return?.();
        if (tried || !pages) pages = open(inner)[Symbol.asyncIterator]();
        tried = true;
        const next = await pages.next();
        return next.done === true ? undefined : next.value;
      });
      if (!page) return;
      yield page;
    }
  } finally {
    await pages?.return?.();
  }
}
