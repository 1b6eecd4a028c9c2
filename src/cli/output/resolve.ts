/** `resolve`: one step from the target to its location. */
export interface ResolveStep {
  /** What this step found: an id, a redacted URI. */
  readonly found: string;
  /** Who said so. */
  readonly origin: string;
  /** What lost against it. */
  readonly shadowed?: readonly string[];
}

/** `resolve`: the other fields; `items` holds the steps. */
export interface ResolveResult {
  /** Redacted URI of the place that readers look at first. */
  readonly location: string;
  /** The other places, in the order in which readers look. */
  readonly also: readonly string[];
  /** The store that holds it: `s3`, `local`, `proxy`. */
  readonly store: string;
}
