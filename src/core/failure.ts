/** What went wrong, told once where it arises; callers branch on `kind` and `retry`, never on message text. */
export type FailureKind =
  | 'usage'
  | 'invalid'
  | 'misconfigured'
  | 'unsupported'
  | 'not-found'
  | 'wrong-kind'
  | 'exists'
  | 'changed'
  | 'conflict'
  | 'denied'
  | 'unauthenticated'
  | 'too-large'
  | 'no-space'
  | 'throttled'
  | 'unavailable'
  | 'timeout'
  | 'deadline'
  | 'corrupt'
  | 'refused'
  | 'partial'
  | 'cancelled'
  | 'internal';

/**
 * Whether trying again may help: `never`, `later` (the retry layer may repeat it), `reauthenticate` (once, with fresh
 * credentials), `exhausted` (it was retried already).
 */
export type Retry = 'never' | 'later' | 'reauthenticate' | 'exhausted';

/** What a vendor said: plain data for `--verbose` and reports. */
export interface VendorFacts {
  readonly code?: string;
  readonly status?: number;
  readonly requestId?: string;
}

/** The facts of a failure. */
export interface FailureFacts {
  readonly kind: FailureKind;
  /** One sentence without a final full stop: what failed and on what. Secrets are redacted by whoever writes it. */
  readonly message: string;
  /** What it failed on: a redacted URI, a path, a setting key. */
  readonly subject: string;
  /** The next thing to do or type. */
  readonly hint?: string;
  readonly retry?: Retry;
  /** How long the server asked us to wait, in ms. */
  readonly retryAfterMs?: number;
  /** `unknown`: it may have happened; only an idempotent operation may be repeated. Default `none`. */
  readonly effect?: 'none' | 'unknown';
  /** Keys of the settings that decide this; the CLI adds their values and origins with `--verbose`. */
  readonly settings?: readonly string[];
  readonly vendor?: VendorFacts;
}

/** The one error type that crosses module boundaries. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly facts: FailureFacts;

  constructor(facts: FailureFacts, cause?: unknown) {
    super(facts.message, cause === undefined ? undefined : { cause });
    this.facts = facts;
  }

  get kind(): FailureKind {
    return this.facts.kind;
  }

  get retry(): Retry {
    return this.facts.retry ?? 'never';
  }

  get effect(): 'none' | 'unknown' {
    return this.facts.effect ?? 'none';
  }

  /** The same failure with some facts replaced, keeping this one as its cause. */
  with(facts: Partial<FailureFacts>): Failure {
    return new Failure({ ...this.facts, ...facts }, this);
  }
}

/** Exit codes by kind (README, "Exit codes"). Never 99: Airflow reads it as "skipped". */
const EXIT_CODES: Readonly<Record<FailureKind, number>> = {
  internal: 1,
  usage: 2,
  invalid: 2,
  'wrong-kind': 2,
  misconfigured: 3,
  unsupported: 3,
  corrupt: 4,
  changed: 4,
  'too-large': 4,
  partial: 4,
  'not-found': 5,
  denied: 6,
  unauthenticated: 6,
  throttled: 7,
  unavailable: 7,
  timeout: 7,
  'no-space': 7,
  deadline: 7,
  exists: 8,
  conflict: 8,
  refused: 8,
  cancelled: 130,
};

/** The process exit code that stands for a kind of failure. */
export function exitCodeOf(kind: FailureKind): number {
  return EXIT_CODES[kind];
}

/** Any thrown value as a Failure: a Failure as it is, an abort as `cancelled`, everything else as `internal` (a bug of ours). */
export function asFailure(thrown: unknown, subject: string): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new Failure({ kind: 'cancelled', message: 'stopped on request', subject }, thrown);
  }
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return new Failure({ kind: 'timeout', message: 'it took too long', subject }, thrown);
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure({ kind: 'internal', message: `unexpected error: ${text}`, subject }, thrown);
}
