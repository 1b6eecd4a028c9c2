import type { Clock } from '../../core/clock.ts';
import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { withRetry, type RetryPolicy } from '../../core/retry.ts';
import type { Layer } from './layer.ts';

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** Drops the credentials in use, so that the next request fetches fresh ones. */
  readonly reauthenticate?: (io: Io) => Promise<void>;
  /** For the jitter, in [0, 1). */
  readonly random?: () => number;
}

/** Repeats what may help to repeat, by the policy; an operation that asks for fresh credentials gets them once. */
export function retry(options: RetryOptions): Layer {
  return async (operation, io, next) => {
    const attempt = {
      subject: operation.subject,
      repeatable: operation.repeatable,
      run: withFreshCredentials(operation.repeatable, options.reauthenticate, io, async () => next(io)),
    };
    return withRetry(options.policy, attempt, options.clock, io, options.random);
  };
}

function withFreshCredentials<T>(
  repeatable: boolean,
  reauthenticate: RetryOptions['reauthenticate'],
  io: Io,
  send: () => Promise<T>,
): () => Promise<T> {
  let asked = false;
  return async () => {
    try {
      return await send();
    } catch (thrown) {
      const failure = asFailure(thrown, '');
      if (failure.retry !== 'reauthenticate' || asked || !reauthenticate) throw thrown;
      if (failure.effect === 'unknown' && !repeatable) throw thrown;
      asked = true;
      await reauthenticate(io);
      return send();
    }
  };
}
