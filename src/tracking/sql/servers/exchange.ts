import { Failure } from '../../../core/failure.ts';
import { stopped } from '../mutex.ts';
import type { StatementResult } from '../session-dialect.ts';
import type { VendorConnection } from './vendor.ts';

/** How long one statement may take, and who may stop it. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** For messages. */
  readonly label: string;
}

function tooSlow({ label, timeoutMs }: Bounds): Failure {
  return new Failure({
    kind: 'timeout',
    message: `${label} did not answer within ${timeoutMs / 1000} s`,
    subject: label,
    hint: 'look for a transaction that holds a lock, or raise MLFLOW_HTTP_REQUEST_TIMEOUT (in seconds)',
    settings: ['http.timeout'],
  });
}

/**
 * What a promise gives, unless the signal or the time comes first: then `cut` is called and what the promise ends with is
 * nobody's matter.
 * @throws Failure cancelled, timeout; what the promise throws
 */
export async function bounded<T>(promise: Promise<T>, bounds: Bounds, cut: () => void): Promise<T> {
  const { signal, timeoutMs, label } = bounds;
  return await new Promise<T>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const give = (failure: Failure): void => {
      end();
      reject(failure);
      cut();
    };
    const onAbort = (): void => give(stopped(signal, label));
    const timer = setTimeout(() => give(tooSlow(bounds)), Math.min(timeoutMs, 2 ** 31 - 1));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.finally(end).then(resolve, reject);
    if (signal.aborted) onAbort();
  });
}

/** Runs one statement within its bounds; the connection is cut when they are passed. */
export async function exchange(
  connection: VendorConnection,
  statement: { readonly sql: string; readonly parameters: readonly unknown[] },
  bounds: Bounds,
): Promise<StatementResult> {
  if (bounds.signal.aborted) throw stopped(bounds.signal, bounds.label);
  const running = connection.run(statement.sql, statement.parameters);
  return await bounded(running, bounds, () => connection.destroy());
}
