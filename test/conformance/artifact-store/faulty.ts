import { Readable } from 'node:stream';
import type { Verb } from '../../../src/artifacts/layers/layer.ts';
import type {
  ArtifactStore,
  Body,
  Incomplete,
  Multipart,
  UploadSession,
  Versions,
} from '../../../src/artifacts/store.ts';
import type { Failure } from '../../../src/core/failure.ts';
import type { Io } from '../../../src/core/io.ts';

/** What goes wrong with one call. */
export type Fault =
  /** The request never arrives. */
  | { readonly before: Failure }
  /** It happens, and the answer is lost. */
  | { readonly after: Failure }
  /** A body that breaks off after so many bytes: by an error, or (as a proxy does) by a clean end. */
  | { readonly cutAfter: number; readonly as: 'reset' | 'end' }
  /** Nothing happens until the signal aborts. */
  | { readonly hangs: true };

/** Decides the fault of the nth call (from 1) of a verb; undefined lets it pass. */
export type FaultPlan = (verb: Verb, nth: number) => Fault | undefined;

type Pass = <T>(verb: Verb, io: Io, call: () => Promise<T>) => Promise<T>;

/** A raw store whose calls fail by plan. */
export function faulty(store: ArtifactStore, plan: FaultPlan): ArtifactStore {
  const counts = new Map<Verb, number>();
  const pass: Pass = async (verb, io, call) => {
    const nth = (counts.get(verb) ?? 0) + 1;
    counts.set(verb, nth);
    const fault = plan(verb, nth);
    if (!fault) return call();
    if ('before' in fault) throw fault.before;
    if ('hangs' in fault) return untilAborted(io.signal);
    const result = await call();
    if ('after' in fault) throw fault.after;
    return cut(result as Body, fault) as typeof result;
  };
  const { multipart, incomplete, makeDirectory, versions } = store;
  return {
    ...store,
    stat: async (path, io) => pass('stat', io, async () => store.stat(path, io)),
    list: (under, options, io) => faultyPages('page', store.list(under, options, io), pass, io),
    read: async (path, options, io) => pass('read', io, async () => store.read(path, options, io)),
    write: async (path, source, options, io) =>
      pass('write', io, async () => store.write(path, source, options, io)),
    remove: async (batch, io) => pass('remove', io, async () => store.remove(batch, io)),
    facts: async (io) => pass('facts', io, async () => store.facts(io)),
    ...(multipart ? { multipart: faultyMultipart(multipart, pass) } : {}),
    ...(incomplete ? { incomplete: faultyIncomplete(incomplete, pass) } : {}),
    ...(versions ? { versions: faultyVersions(versions, pass) } : {}),
    ...(makeDirectory
      ? { makeDirectory: async (path, io) => pass('make-directory', io, async () => makeDirectory(path, io)) }
      : {}),
  };
}

async function* faultyPages<T>(verb: Verb, pages: AsyncIterable<T>, pass: Pass, io: Io): AsyncGenerator<T> {
  const iterator: AsyncIterator<T, unknown> = pages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pass(verb, io, async () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function faultyIncomplete(incomplete: Incomplete, pass: Pass): Incomplete {
  return {
    list: (under, io) => faultyPages('unfinished', incomplete.list(under, io), pass, io),
    discard: async (unfinished, io) => pass('discard', io, async () => incomplete.discard(unfinished, io)),
  };
}

function faultyVersions(versions: Versions, pass: Pass): Versions {
  return {
    kept: async (io) => pass('versioning', io, async () => versions.kept(io)),
    list: (under, io) => faultyPages('versions', versions.list(under, io), pass, io),
    expire: async (io) => pass('lifecycle', io, async () => versions.expire(io)),
    of: (path, io) => faultyPages('versions', versions.of(path, io), pass, io),
    purge: async (batch, io) => pass('purge', io, async () => versions.purge(batch, io)),
  };
}

function faultyMultipart(multipart: Multipart, pass: Pass): Multipart {
  const { attach } = multipart;
  return {
    ...multipart,
    begin: async (path, plan, io) => {
      const session = await pass('begin', io, async () => multipart.begin(path, plan, io));
      return faultySession(session, pass);
    },
    ...(attach ? { attach: (path, token, plan) => faultySession(attach(path, token, plan), pass) } : {}),
  };
}

function faultySession(session: UploadSession, pass: Pass): UploadSession {
  const { confirmed } = session;
  return {
    token: session.token,
    tokenIsSecret: session.tokenIsSecret,
    put: async (part, source, io) => pass('part', io, async () => session.put(part, source, io)),
    commit: async (receipts, expect, io) =>
      pass('commit', io, async () => session.commit(receipts, expect, io)),
    abort: async (io) => pass('abort', io, async () => session.abort(io)),
    ...(confirmed ? { confirmed: (io: Io) => faultyPages('confirm', confirmed(io), pass, io) } : {}),
  };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function cut(body: Body, fault: { readonly cutAfter: number; readonly as: 'reset' | 'end' }): Body {
  return { ...body, stream: Readable.from(cutBytes(body.stream, fault), { objectMode: false }) };
}

async function* cutBytes(
  stream: Readable,
  fault: { readonly cutAfter: number; readonly as: 'reset' | 'end' },
): AsyncGenerator<Buffer> {
  let left = fault.cutAfter;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (chunk.byteLength < left) {
      left -= chunk.byteLength;
      yield chunk;
      continue;
    }
    if (left > 0) yield chunk.subarray(0, left);
    if (fault.as === 'end') return;
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  }
}
