/** `doctor`: one thing that a check found; a check that found nothing to object to has one item with the level ok. */
export interface DoctorItem {
  /** `D26`. */
  readonly check: string;
  /** `airflow-tracking`. */
  readonly name: string;
  /** What holds when all is well. */
  readonly title: string;
  readonly area: string;
  readonly level: 'ok' | 'warn' | 'fail' | 'skip';
  /** What it is about, where a check found several things. */
  readonly subject?: string;
  /** What was seen; for skip, why nothing was looked at. */
  readonly evidence: string;
  /** What to type; always there with warn and fail. */
  readonly remedy?: string;
  /** How long the whole check took. */
  readonly took_ms: number;
}

/** `doctor`: the other fields; `items` holds what the checks found, in the order of the reference page. */
export interface DoctorSummary {
  /** Redacted. */
  readonly tracking_uri: string;
  readonly target?: string;
  /** Items by level. */
  readonly counts: Readonly<Record<'ok' | 'warn' | 'fail' | 'skip', number>>;
}

/** `doctor --explain`: what a check is about. */
export interface DoctorExplanation {
  readonly check: string;
  readonly name: string;
  readonly title: string;
  readonly area: string;
  /** Whether `--offline` skips it. */
  readonly network: boolean;
  /** Whether `--read-only` skips it. */
  readonly writes: boolean;
  /** Checks and parts of the surroundings that it cannot do without. */
  readonly needs: readonly string[];
  readonly explanation: string;
}
