import { setMaxListeners } from 'node:events';
import { parseArtifactPath, type Under } from '../../core/artifact-path.ts';
import { Failure, asFailure } from '../../core/failure.ts';
import type { Entry } from '../store.ts';
import type { Layer, Operation } from './layer.ts';

/**
 * Lets nothing dangerous pass: no operation starts after its signal aborted, whatever is thrown leaves as a Failure
 * (`cancelled` when the signal aborted), and a listing that names a path which is not allowed, or one outside of what
 * was listed, fails with `corrupt` naming it (a server's listing may be hostile: CVE-2023-6018).
 */
export const guard: Layer = async (operation, io, next) => {
  // One signal serves every operation of a command, so Node's warning at eleven listeners would be noise.
  setMaxListeners(0, io.signal);
  const hasStopped = () => io.signal.aborted;
  if (hasStopped()) throw stopped(operation, io.signal);
  let result;
  try {
    result = await next(io);
  } catch (thrown) {
    const failure = asFailure(thrown, operation.subject);
    const ours = thrown instanceof Failure && failure.retry === 'never';
    throw hasStopped() && !ours ? stopped(operation, io.signal, thrown) : failure;
  }
  if (LISTINGS.has(operation.verb)) checkPage(operation, (result ?? []) as readonly Named[]);
  return result;
};

/** Operations whose result is a page of what a server names. */
const LISTINGS: ReadonlySet<Operation['verb']> = new Set(['page', 'unfinished', 'versions']);

type Named = Pick<Entry, 'path'>;

function checkPage(operation: Operation, page: readonly Named[]): void {
  for (const { path } of page) {
    const itself = operation.verb !== 'page' && path === operation.path;
    const reason = itself ? undefined : hostility(operation.path, path);
    if (reason === undefined) continue;
    throw new Failure({
      kind: 'corrupt',
      message: `the listing of ${operation.subject} names ${JSON.stringify(path)}, which is refused: ${reason}`,
      hint: 'rename or remove it where it is stored',
      subject: operation.subject,
    });
  }
}

function hostility(under: Under, path: string): string | undefined {
  try {
    parseArtifactPath(path);
  } catch (thrown) {
    return asFailure(thrown, path).message;
  }
  return under === '' || path.startsWith(`${under}/`) ? undefined : 'it is outside of what was listed';
}

function stopped(operation: Operation, signal: AbortSignal, cause: unknown = signal.reason): Failure {
  if (signal.reason instanceof Failure) return signal.reason;
  const { verb, subject } = operation;
  return new Failure({ kind: 'cancelled', message: `${verb} of ${subject} was stopped`, subject }, cause);
}
