import type { Writable } from 'node:stream';
import { once } from 'node:events';

/** Text on its way to a stream. */
export interface Gathered {
  /** Resolves when there is room for more; undefined where there is. */
  put(text: string): Promise<unknown> | undefined;
  /** Writes what is left. */
  end(): void;
}

/** Characters that are written at once; a write costs more than making a line. */
const MOST = 16_384;

/** Writes pieces of text together: many at once where they come fast, each without delay where they do not. */
export function gather(to: Writable): Gathered {
  let waiting = '';
  let planned: NodeJS.Immediate | undefined;
  const end = (): void => {
    clearImmediate(planned);
    planned = undefined;
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    to.write(text);
  };
  return {
    put(text) {
      waiting += text;
      if (waiting.length >= MOST) end();
      else planned ??= setImmediate(end);
      return to.writableNeedDrain ? once(to, 'drain') : undefined;
    },
    end,
  };
}
