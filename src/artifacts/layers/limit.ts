import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Gate, Outcome } from './gate.ts';
import type { Layer } from './layer.ts';

function outcomeOf(thrown: unknown): Outcome {
  return asFailure(thrown, '').kind === 'throttled' ? 'throttled' : 'failed';
}

/**
 * Holds a permit of the backend's gate while an operation runs: for a listing while one page is fetched, for a read until
 * its body is closed. So a reader inside a listing's loop needs no second connection. A `width` event tells when the
 * gate narrows or widens.
 */
export function limit(gate: Gate): Layer {
  return async (operation, io, next) => {
    const leave = toldLeave(gate, await gate.enter(io.signal), operation.subject, io);
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

function toldLeave(
  gate: Gate,
  leave: (outcome: Outcome) => void,
  subject: string,
  { trace }: Io,
): (outcome: Outcome) => void {
  if (!trace) return leave;
  return (outcome) => {
    const was = gate.width;
    leave(outcome);
    if (gate.width !== was) trace('width', { subject, was, width: gate.width });
  };
}
