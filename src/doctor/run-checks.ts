import { asFailure, Failure } from '../core/failure.ts';
import { formatDuration } from '../core/duration.ts';
import type { Io } from '../core/io.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { isPiece, type Check, type CheckId, type Piece } from './check.ts';
import type { Context } from './context.ts';
import { fail, skip, worst, type Finding } from './finding.ts';
import { within } from './within.ts';

/** How long one check may take unless it says otherwise, in ms. */
const TIMEOUT_MS = 10_000;
/** How long all of them may look, in ms: 30 s with the time to clean up. */
const BUDGET_MS = 26_000;

/** What became of a check. */
export interface Outcome {
  readonly check: Check;
  /** None: all is well. */
  readonly findings: readonly Finding[];
  readonly tookMs: number;
}

/**
 * Runs checks side by side, each as soon as those that it needs are done, and yields what became of each in the order
 * given. One that fails, crashes or is too slow stops no other.
 * @throws Failure the reason of `io.signal`, when that is aborted
 */
export async function* runChecks(
  checks: readonly Check[],
  context: Context,
  io: Io,
): AsyncGenerator<Outcome> {
  const outcomes = new Map<CheckId, Promise<Outcome>>();
  const ends = context.clock.now() + BUDGET_MS;
  for (const check of checks) {
    const needed = check.needs.flatMap((need) => (isPiece(need) ? [] : (outcomes.get(need) ?? [])));
    const outcome = runAfter(check, needed, { context, ends }, io);
    // It is awaited below, maybe after it was rejected.
    outcome.catch(() => undefined);
    outcomes.set(check.id, outcome);
  }
  yield* outcomes.values();
}

interface Examining {
  readonly context: Context;
  /** When the budget is used up, in ms since the epoch. */
  readonly ends: number;
}

async function runAfter(
  check: Check,
  needed: readonly Promise<Outcome>[],
  { context, ends }: Examining,
  io: Io,
): Promise<Outcome> {
  const before = await Promise.all(needed);
  const started = context.clock.now();
  const reason = forbidden(check, context) ?? blocked(before);
  const findings =
    reason === undefined ? await look(check, context, timeFor(check, ends - started), io) : [skip(reason)];
  return { check, findings, tookMs: context.clock.now() - started };
}

function forbidden(check: Check, { offline, readOnly }: Context): string | undefined {
  if (offline && check.network) return '--offline: it needs more than the configuration';
  if (readOnly && check.writes) return '--read-only: it writes a probe';
  return undefined;
}

function blocked(before: readonly Outcome[]): string | undefined {
  for (const { check, findings } of before) {
    const level = worst(findings);
    if (level === 'fail') return `${check.id} (${check.name}) failed`;
    if (level === 'skip') return `${check.id} (${check.name}) was skipped`;
  }
  return undefined;
}

function timeFor({ timeoutMs = TIMEOUT_MS }: Check, left: number): number {
  return Math.max(1, Math.min(timeoutMs, left));
}

async function look(check: Check, context: Context, ms: number, io: Io): Promise<readonly Finding[]> {
  try {
    const findings = await within(ms, check.id, io, async (limited) => {
      const missing = await findMissing(check.needs.filter(isPiece), context, limited);
      return missing ?? check.run(context, limited);
    });
    io.signal.throwIfAborted();
    return findings;
  } catch (thrown) {
    if (io.signal.aborted) throw thrown;
    return [crashed(thrown, ms)];
  }
}

/** Why a piece of the context cannot be had; undefined when all are there. */
async function findMissing(
  pieces: readonly Piece[],
  context: Context,
  io: Io,
): Promise<readonly Finding[] | undefined> {
  for (const piece of pieces) {
    try {
      await unlessAborted<unknown>(context[piece](), io.signal, piece);
    } catch (thrown) {
      if (thrown instanceof Failure) return [skip(`${MISSING[piece]}: ${thrown.message}`)];
      throw thrown;
    }
  }
  return undefined;
}

const MISSING: Readonly<Record<Piece, string>> = {
  tracking: 'the records cannot be opened',
  server: 'there is no tracking server to ask',
  experiments: 'the experiments cannot be read',
  roots: 'the artifact roots cannot be told',
  probeRun: 'there is no run to write a probe to',
};

function crashed(thrown: unknown, ms: number): Finding {
  const failure = asFailure(thrown, 'doctor');
  if (failure.kind === 'internal') {
    return fail(
      `this check itself failed: ${failure.message}`,
      'report it as a bug of mlstow, with the output of mlstow doctor --verbose',
    );
  }
  const usual =
    failure.kind === 'timeout'
      ? `see whether what it talks to answers at all: it was given ${formatDuration(ms)}`
      : 'mend what it names, then run mlstow doctor again';
  return fail(failure.message, failure.facts.hint ?? usual);
}
