import { asFailure } from '../../core/failure.ts';
import type { Gate, Outcome } from './gate.ts';
import type { Layer } from './layer.ts';

function outcomeOf(thrown: unknown): Outcome {
  return asFailure(thrown, '').kind === 'throttled' ? 'throttled' : 'failed';
}

/**
 * Holds a permit of the backend's gate while an operation runs: for a listing while one page is fetched, for a read until
 * its body is closed. So a reader inside a listing's loop needs no second connection.
 */
export function limit(gate: Gate): Layer {
  return async (operation, io, next) => {
    const leave = await gate.enter(io.signal);
    let result;
    try {
      result = await next(io);
    } catch (thrown) {
      leave(outcomeOf(thrown));
      throw thrown;
    }
    const busy = operation.busy(result);
    if (busy) {
      busy.then(
        () => leave('ok'),
        (thrown: unknown) => leave(outcomeOf(thrown)),
      );
    } else leave('ok');
    return result;
  };
}
