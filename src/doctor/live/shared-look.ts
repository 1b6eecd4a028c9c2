import type { Io } from '../../core/io.ts';
import type { Context } from '../context.ts';

/** A look that several checks take: taken once for one context, by whoever comes first, and shared. */
export function sharedLook<T>(
  look: (context: Context, io: Io) => Promise<T>,
): (context: Context, io: Io) => Promise<T> {
  const taken = new WeakMap<Context, Promise<T>>();
  return async (context, io) => {
    const before = taken.get(context);
    if (before) return before;
    const looking = look(context, io);
    taken.set(context, looking);
    return looking;
  };
}
