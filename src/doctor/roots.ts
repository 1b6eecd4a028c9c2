import { basename } from 'node:path/posix';
import { Failure } from '../core/failure.ts';
import { formatLocation, parseLocation, type Location } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import { resolvePhysical, type PhysicalOptions } from '../resolver/physical.ts';
import type { Experiment } from '../tracking/entities.ts';

/** A place below which artifacts are kept, and who says so. */
export interface Root {
  /** Redacted, as recorded. */
  readonly uri: string;
  /** Absent when it cannot be read. */
  readonly recorded?: Location;
  /** Where a store opens it: `mlflow-artifacts:` as the server's address. Absent when nothing tells. */
  readonly physical?: Location;
  /** Why one of them is absent. */
  readonly trouble?: Failure;
  /** Experiments whose artifact location is below it, newest first. */
  readonly experiments: readonly Experiment[];
  /** The setting or TARGET that names it. */
  readonly namedBy: readonly string[];
}

/** A root that somebody names. */
export interface Named {
  readonly uri: string;
  readonly by: string;
}

const MADE = /^[0-9a-f]{32}$/;

/** The root that a server, or MLFLOW_ARTIFACT_URI, made this experiment's location from; the location itself if chosen by hand. */
export function rootOf({ experimentId, artifactLocation }: Experiment): string {
  const location = artifactLocation.replace(/\/+$/, '');
  const last = basename(location);
  const made = last === experimentId || MADE.test(last);
  const root = location.slice(0, -last.length);
  return made && /[^:/]\/+$|^[a-z-]+:\/$/i.test(root) ? root.replace(/(?<=[^:/])\/+$/, '') : artifactLocation;
}

interface Gathered {
  readonly experiments: Experiment[];
  readonly namedBy: string[];
}

/** Every distinct root, those of the newest experiments first. Nothing is opened. */
export async function rootsInUse(
  experiments: readonly Experiment[],
  named: readonly Named[],
  options: PhysicalOptions,
): Promise<readonly Root[]> {
  const found = new Map<string, Gathered>();
  const at = (uri: string): Gathered => {
    const gathered = found.get(uri) ?? { experiments: [], namedBy: [] };
    found.set(uri, gathered);
    return gathered;
  };
  for (const experiment of experiments) at(keyOf(rootOf(experiment))).experiments.push(experiment);
  for (const { uri, by } of named) at(keyOf(uri)).namedBy.push(by);
  return Promise.all(
    [...found].map(async ([uri, gathered]) => ({ ...(await placeOf(uri, options)), ...gathered })),
  );
}

/** One spelling for one root. */
function keyOf(uri: string): string {
  try {
    return formatLocation(parseLocation(uri));
  } catch (thrown) {
    if (thrown instanceof Failure) return uri;
    throw thrown;
  }
}

async function placeOf(
  uri: string,
  options: PhysicalOptions,
): Promise<Pick<Root, 'uri' | 'recorded' | 'physical' | 'trouble'>> {
  let recorded: Location | undefined;
  try {
    recorded = parseLocation(uri);
    const { location } = await resolvePhysical(recorded, options);
    return { uri: recorded.redacted, recorded, physical: location };
  } catch (trouble) {
    if (!(trouble instanceof Failure)) throw trouble;
    return { uri: redactUri(uri), trouble, ...(recorded ? { recorded } : {}) };
  }
}
