import type { ArtifactPath, Under } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { ArtifactStore, Source } from '../store.ts';
import type { Layer, Operation, Verb } from './layer.ts';

/** What one operation is, and what its wrapper needs to know of it. */
export interface Ask {
  readonly verb: Verb;
  readonly path: Under;
  readonly repeatable: boolean;
  readonly busy?: (result: unknown) => Promise<unknown> | undefined;
}

/** Runs one operation of a store through its layers. */
export type RunOperation = <T>(ask: Ask, io: Io, attempt: (io: Io) => Promise<T>) => Promise<T>;

const notBusy = () => undefined;

/** The root's label and a path, for messages. */
export function subjectOf(store: ArtifactStore, path: Under): string {
  return path === '' ? store.label : `${store.label}/${path}`;
}

/** The function that sends an operation through `layers`, outermost first, to the store. */
export function operationRunner(store: ArtifactStore, layers: readonly Layer[]): RunOperation {
  return async (ask, io, attempt) => {
    const operation: Operation = {
      verb: ask.verb,
      path: ask.path,
      subject: subjectOf(store, ask.path),
      backend: store.backend,
      repeatable: ask.repeatable,
      busy: ask.busy ?? notBusy,
    };
    const through = layers.reduceRight<typeof attempt>(
      (next, layer) => async (inner) => layer(operation, inner, next),
      attempt,
    );
    try {
      return await through(io);
    } catch (thrown) {
      // Whatever a stopped operation fails with, the stop is the reason.
      if (io.signal.aborted) throw asFailure(io.signal.reason, operation.subject);
      throw thrown;
    }
  };
}

/** Refuses a name that the store cannot hold, in the store's own words, before any request. */
export function refuseName(store: ArtifactStore, path: ArtifactPath): void {
  const reason = store.accepts(path);
  if (reason === undefined) return;
  const subject = subjectOf(store, path);
  throw new Failure({ kind: 'invalid', message: `${subject} cannot be stored: ${reason}`, subject });
}

/**
 * Sends a source. One that cannot be opened twice is not: once it was opened, no failure is worth a retry here,
 * whatever the store thinks of it.
 */
export async function sendOnce<T>(source: Source, send: (source: Source) => Promise<T>): Promise<T> {
  if (source.replayable) return send(source);
  let opened = false as boolean;
  const watched: Source = {
    ...source,
    open: async (from, signal) => {
      opened = true;
      return source.open(from, signal);
    },
  };
  try {
    return await send(watched);
  } catch (thrown) {
    if (opened && thrown instanceof Failure && thrown.retry !== 'never')
      throw thrown.with({ retry: 'exhausted' });
    throw thrown;
  }
}
