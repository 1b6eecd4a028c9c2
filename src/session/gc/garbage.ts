import { Failure } from '../../core/failure.ts';
import type { Outcome } from '../../gc/item.ts';
import type { Tell } from '../../gc/run-gc.ts';
import type { Collectable, Lock, LockAsk } from '../../tracking/collect.ts';
import type { Session } from '../session.ts';

/** What is decided, and how it is done. */
export interface Garbage {
  readonly mode: 'rows' | 'orphans' | 'incomplete-uploads';
  /** Where it was looked for. */
  readonly label: string;
  /** What was not taken, by the rule that spoke against it; complete when all is told. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** How much is to go; rows, or subtrees. */
  readonly going: number;
  /** Everything asked for, with what is decided about it. */
  planned(): Iterable<Outcome> | AsyncIterable<Outcome>;
  /** Does it. */
  collect(tell: Tell): Promise<void>;
  /** Aborted when the command is, or by `stop`. */
  readonly signal: AbortSignal;
  /** Begins nothing more; what is under way ends. */
  stop(): void;
  close(): Promise<void>;
}

/** Nothing is done because somebody else is doing it, and that was asked to be fine. */
export type Skipped = 'locked';

/** What closes things, in the order in which they were opened. */
export type Opened = (() => Promise<void>)[];

/** Closes what was opened, the latest first, whatever fails. @throws what the first that failed threw */
export async function closeAll(opened: Opened): Promise<void> {
  const failed: { readonly thrown: unknown }[] = [];
  for (const close of opened.toReversed()) {
    await close().catch((thrown: unknown) => failed.push({ thrown }));
  }
  const [first] = failed;
  if (first) throw first.thrown;
}

/** Closes behind something that failed, which is what there is to tell: it may well be why closing fails too. */
export async function closeAfter(close: () => Promise<void>): Promise<void> {
  await close().catch(() => undefined);
}

/** Finds something, and closes what was opened for it when there is nothing to be done with it. */
export async function whileOpen(
  find: (opened: Opened) => Promise<Garbage | Skipped>,
): Promise<Garbage | Skipped> {
  const opened: Opened = [];
  let found: Garbage | Skipped;
  try {
    found = await find(opened);
  } catch (thrown) {
    await closeAfter(() => closeAll(opened));
    throw thrown;
  }
  if (found === 'locked') await closeAll(opened);
  return found;
}

/** What an unknown schema may name besides is not known either. @throws Failure refused unless that very one is accepted */
export function refuseUnknownSchema({ schema, label }: Collectable, accepted: string | undefined): void {
  const { revision = '(none)', known } = schema;
  if (known || accepted === revision) return;
  throw new Failure({
    kind: 'refused',
    message: `${label} has the schema revision ${revision}, which this version does not know: it deletes nothing there`,
    hint: `look with --dry-run; --accept-schema ${revision} deletes nevertheless`,
    subject: label,
    settings: ['gc.acceptSchema'],
  });
}

/** Takes a lock, or says that somebody else has it. @throws Failure refused unless that was asked to be fine */
export async function takeLock(
  records: Collectable,
  wanted: LockAsk,
  skipIfLocked: boolean,
  session: Session,
): Promise<Lock | Skipped> {
  const lock = await records.lock(wanted, session.io);
  if (lock) return lock;
  if (skipIfLocked) return 'locked';
  throw new Failure({
    kind: 'refused',
    message: `another gc is at work on ${records.label}`,
    hint: 'wait until it has ended; --skip-if-locked makes this no error',
    subject: records.label,
  });
}

/** A signal that ends with the command, or when nobody waits for the rest. */
export function stoppable({ io }: Session, label: string): Pick<Garbage, 'signal' | 'stop'> {
  const stopping = new AbortController();
  return {
    signal: AbortSignal.any([io.signal, stopping.signal]),
    stop: () =>
      stopping.abort(
        new Failure({ kind: 'cancelled', message: 'nobody waits for the rest', subject: label }),
      ),
  };
}
