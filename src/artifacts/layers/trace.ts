import type { Clock } from '../../core/clock.ts';
import { asFailure } from '../../core/failure.ts';
import type { Layer } from './layer.ts';

/** Tells an `operation` event when each operation settles: verb, subject, duration in ms, and the kind of a failure. */
export function trace(clock: Clock): Layer {
  return async (operation, io, next) => {
    if (!io.trace) return next(io);
    const began = clock.now();
    const told = { verb: operation.verb, subject: operation.subject };
    try {
      const result = await next(io);
      io.trace('operation', { ...told, ms: clock.now() - began, ok: true });
      return result;
    } catch (thrown) {
      const { kind } = asFailure(thrown, operation.subject);
      io.trace('operation', { ...told, ms: clock.now() - began, ok: false, kind });
      throw thrown;
    }
  };
}
