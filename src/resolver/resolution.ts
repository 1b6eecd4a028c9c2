import type { Under } from '../core/artifact-path.ts';
import type { Location } from '../core/location.ts';
import type { Run } from '../tracking/entities.ts';

/** One step from what was asked to where it is, kept so that `mlstow resolve` can tell it. */
export interface Step {
  /** What this step found, redacted: a URI, an id. */
  readonly found: string;
  /** Who said so: `flag --tracking-uri`, `environment MLFLOW_ARTIFACT_URI`, `server`, `run tag mlstow.artifactUri`. */
  readonly origin: string;
  /** What lost against it. */
  readonly shadowed?: readonly string[];
}

/** A root that a store can be opened at, and the path asked for inside it. */
export interface Place {
  readonly location: Location;
  readonly path: Under;
  /** Why this place is looked at, for the warning when two places hold the same entry. */
  readonly because: string;
}

/** Where a target's artifacts are. */
export interface Resolution {
  /** Never empty; readers look in all of them and the first wins. */
  readonly places: readonly [Place, ...Place[]];
  /** The last name of what was asked for, decoded; '' when it is a run, a model or an experiment as a whole. */
  readonly name: string;
  /**
   * Asked only when no place holds anything: a logged model of the run with that name (MLflow 3), or the folder above
   * a URI, in which the URI may name a single file. It includes the path asked for.
   */
  readonly fallback?: () => Promise<Place | undefined>;
  readonly run?: Run;
  readonly steps: readonly Step[];
}

/** Where new artifacts of a run go. */
export interface Destination {
  readonly location: Location;
  /** The location as the tracking store or the setting has it: a relative path is still relative. */
  readonly declared: Location;
  readonly run: Run;
  /** Whether `location` is the run's own artifact URI: the server and stock clients look there. */
  readonly own: boolean;
  /** The tag to record on the run before the first byte, when it is not its own. */
  readonly tag?: { readonly key: string; readonly value: string };
  readonly steps: readonly Step[];
}

/** A place as one redacted URI. */
export function formatPlace({ location, path }: Pick<Place, 'location' | 'path'>): string {
  return path === '' ? location.redacted : `${location.redacted.replace(/\/$/, '')}/${path}`;
}
