import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { ArtifactStore, Body, Removal, Undone } from '../store.ts';
import type { Layer } from './layer.ts';
import { layeredBulk } from './layered-bulk.ts';
import { layeredIncomplete, layeredMultipart } from './layered-multipart.ts';
import { layeredVersions } from './layered-versions.ts';
import { listPages } from './list-pages.ts';
import { operationRunner, refuseName, sendOnce, subjectOf, type RunOperation } from './run-operation.ts';
import { storedAlready } from './same-content.ts';
import { checkLength, wholeBody } from './whole-body.ts';

/**
 * A store whose operations pass through layers, outermost first: trace, guard, retry, limit. On top of what the layers
 * do, bodies never end short (and go on after a cut where versions and ranges allow it), batches of any length are
 * removed, names that the store cannot hold are refused before a request, and a write whose answer was lost is not
 * reported as `exists`.
 */
export function layered(store: ArtifactStore, layers: readonly Layer[]): ArtifactStore {
  const run = operationRunner(store, layers);
  const { multipart, incomplete, makeDirectory, bulk, versions } = store;
  return {
    label: store.label,
    backend: store.backend,
    server: store.server,
    traits: store.traits,
    accepts: (path) => store.accepts(path),
    stat: async (path, io) =>
      run({ verb: 'stat', path, repeatable: true }, io, async (inner) => store.stat(path, inner)),
    list: (under, options, io) => listPages(store, run, under, options, io),
    read: readThrough(store, run),
    write: writeThrough(store, run),
    remove: async (batch, io) => removeAll(store, run, batch, io),
    facts: async (io) =>
      run({ verb: 'facts', path: '', repeatable: true }, io, async (inner) => store.facts(inner)),
    ...(multipart ? { multipart: layeredMultipart(store, multipart, run) } : {}),
    ...(bulk ? { bulk: layeredBulk(store, bulk, run) } : {}),
    ...(incomplete ? { incomplete: layeredIncomplete(incomplete, run) } : {}),
    ...(versions ? { versions: layeredVersions(versions, run) } : {}),
    ...(makeDirectory
      ? {
          makeDirectory: async (path, io) => {
            refuseName(store, path);
            await run({ verb: 'make-directory', path, repeatable: true }, io, async (inner) =>
              makeDirectory(path, inner),
            );
          },
        }
      : {}),
  };
}

/** By events, since `finished` of node:stream costs several times as much, for every file that is read. */
function untilClosed(result: unknown): Promise<void> | undefined {
  const body = result as Body;
  if (body.bytes) return undefined;
  const { stream } = body;
  return new Promise((resolve, reject) => {
    const settle = () => {
      if (stream.readableEnded) resolve();
      else reject(stream.errored ?? new Error('given up'));
    };
    if (stream.closed) settle();
    else stream.once('close', settle);
  });
}

function readThrough(store: ArtifactStore, run: RunOperation): ArtifactStore['read'] {
  return async (path, options, io) => {
    const open = async (ask: typeof options) =>
      run({ verb: 'read', path, repeatable: true, busy: untilClosed }, io, async (inner) => {
        const body = await store.read(path, ask, inner);
        if (body.bytes) checkLength(body.bytes, body.length, subjectOf(store, path));
        // An error on the way through the layers must not find a stream without a listener.
        else body.stream.once('error', () => undefined);
        return body;
      });
    const first = await open(options);
    if (first.bytes) return first;
    const { version } = first.entry;
    const end = options.length === undefined ? undefined : first.start + options.length;
    const reopen = async (start: number) =>
      open({
        start,
        ...(end === undefined ? {} : { length: end - start }),
        ...(version === undefined ? {} : { version }),
      });
    const safe = store.traits.ranges === 'any' && version?.strong === true;
    return wholeBody(first, {
      subject: subjectOf(store, path),
      signal: io.signal,
      ...(safe ? { reopen } : {}),
    });
  };
}

function writeThrough(store: ArtifactStore, run: RunOperation): ArtifactStore['write'] {
  return async (path, source, options, io) => {
    refuseName(store, path);
    let maybeDone = false;
    return run({ verb: 'write', path, repeatable: source.replayable }, io, async (inner) => {
      try {
        return await sendOnce(source, async (sent) => store.write(path, sent, options, inner));
      } catch (thrown) {
        const failure = asFailure(thrown, subjectOf(store, path));
        const refused = failure.kind === 'exists' || failure.kind === 'changed';
        const earlier = maybeDone && refused ? await storedAlready(store, path, source, inner) : undefined;
        if (earlier) return earlier;
        maybeDone ||= failure.effect === 'unknown';
        throw failure;
      }
    });
  };
}

async function removeAll(
  store: ArtifactStore,
  run: RunOperation,
  all: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  const undone: Undone[] = [];
  const { removeBatch } = store.traits;
  for (let from = 0; from < all.length; from += removeBatch) {
    undone.push(...(await removeBatchOf(store, run, all.slice(from, from + removeBatch), io)));
  }
  return undone;
}

/** One batch; what the store could not remove for the moment is tried again alone, as the layers see fit. */
async function removeBatchOf(
  store: ArtifactStore,
  run: RunOperation,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  const undone: Undone[] = [];
  let waiting: readonly Undone[] = [];
  let pending = batch;
  try {
    await run({ verb: 'remove', path: '', repeatable: true }, io, async (inner) => {
      waiting = [];
      const left = await store.remove(pending, inner);
      undone.push(...left.filter(({ failure }) => failure.retry !== 'later'));
      waiting = left.filter(({ failure }) => failure.retry === 'later');
      pending = waiting.map(({ removal }) => removal);
      if (waiting[0]) throw waiting[0].failure;
    });
  } catch (thrown) {
    if (waiting.length === 0 || io.signal.aborted) throw thrown;
    undone.push(
      ...waiting.map(({ removal, failure }) => ({ removal, failure: failure.with({ retry: 'exhausted' }) })),
    );
  }
  return undone;
}
