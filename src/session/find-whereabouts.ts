import { describeOrigin } from '../config/origin.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io, TraceValue } from '../core/io.ts';
import { redactUri } from '../core/redact.ts';
import type { Experiment } from '../tracking/entities.ts';
import { keeperOf, type Keeper } from './open-tracking.ts';
import type { Session } from './session.ts';

/** How long the records may take to answer before we go on without them, in ms. */
const PATIENCE_MS = 2_000;
/** Counting stops here: the first page of a large server is enough to know that one is there. */
const COUNTED = 1_000;

/** What the records say, as far as they answered. */
export interface Records {
  /** Active ones; `counted` at most. */
  readonly count: number;
  readonly isMore: boolean;
  readonly newest?: Experiment;
}

/** Where a command typed here would read and write. */
export interface Whereabouts {
  readonly tracking: { readonly uri: string; readonly origin: string; readonly keeper: Keeper };
  /** The artifact root of this process, where one is set. */
  readonly artifactRoot?: { readonly uri: string; readonly origin: string };
  /** Why there is nothing to tell: `empty` is a default that nothing was written to yet. */
  readonly records: Records | { readonly failure: Failure; readonly isEmpty: boolean };
}

async function count(session: Session, io: Io): Promise<Records> {
  const tracking = await session.tracking('read');
  const found: Experiment[] = [];
  const pages = tracking.experiments.search({ view: 'active_only', maxResults: COUNTED + 1 }, io);
  for await (const page of pages) found.push(...page);
  const [newest] = found;
  return {
    count: Math.min(found.length, COUNTED),
    isMore: found.length > COUNTED,
    ...(newest ? { newest } : {}),
  };
}

/** An Io that gives up when time is over, and at the first try that failed: it has the reason. */
function impatient(): { readonly io: Io; readonly done: () => void } {
  const controller = new AbortController();
  const abort = (message: string) =>
    controller.abort(new Failure({ kind: 'unavailable', message, subject: 'tracking.uri' }));
  const timer = setTimeout(() => abort(`no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
  const trace = (event: string, fields: Readonly<Record<string, TraceValue>>): void => {
    if (event === 'retry') abort(String(fields['reason']));
  };
  return { io: { signal: controller.signal, trace }, done: () => clearTimeout(timer) };
}

async function ask(session: Session, isDefault: boolean): Promise<Whereabouts['records']> {
  const { io, done } = impatient();
  const limited = session.limited(io);
  try {
    return await count(limited, limited.io);
  } catch (thrown) {
    session.io.signal.throwIfAborted();
    const failure = io.signal.aborted ? (io.signal.reason as Failure) : asFailure(thrown, 'tracking.uri');
    if (failure.kind === 'internal') throw failure;
    return { failure, isEmpty: isDefault && failure.kind === 'not-found' };
  } finally {
    done();
    await limited.close();
  }
}

/** Looks where this process would read and write, and what is recorded there. Nothing is created. @throws Failure misconfigured */
export async function findWhereabouts(session: Session): Promise<Whereabouts> {
  const { value, origin } = session.config.resolved('tracking.uri');
  const uri = await session.trackingUri();
  const root = session.config.resolved('artifacts.uri');
  return {
    tracking: {
      uri: redactUri(uri),
      origin: value === undefined ? "mlflow's default in this folder" : describeOrigin(origin),
      keeper: keeperOf(uri),
    },
    ...(root.value === undefined
      ? {}
      : { artifactRoot: { uri: root.display, origin: describeOrigin(root.origin) } }),
    records: await ask(session, value === undefined),
  };
}
