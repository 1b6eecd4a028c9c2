import { isAbsolute, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Io } from '../core/io.ts';
import type { Location } from '../core/location.ts';
import type { TrackingStore } from '../tracking/store.ts';
import { checkLocationUnderAirflow } from './airflow-rule.ts';
import { isBelowFolder, realPathOf } from './local-paths.ts';
import { probeServer } from './probe-server.ts';
import { refuseLocation } from './refuse-location.ts';

export { checkTrackingUnderAirflow } from './airflow-rule.ts';

/** What the rule of "Where artifacts may go" needs to know of this process. */
export interface SharedRule {
  /** Where relative paths start; absolute. */
  readonly cwd: string;
  readonly hostname: string;
  /** Absolute. */
  readonly tempDirectories: readonly string[];
  /** Absolute; an entry that is not says nothing. */
  readonly sharedPaths: readonly string[];
  readonly allowLocal: boolean;
  /** The DAG this task belongs to, under Airflow. */
  readonly airflowDag: string | undefined;
  /** The tracking URI as configured; undefined when nobody configured one. */
  readonly trackingUri: string | undefined;
  readonly clock: Clock;
}

/** How a location was found fit to hold artifacts. */
export type Fitness =
  | 'remote'
  | 'same machine'
  | 'shared path'
  | 'proven shared'
  | 'allowed by the user'
  /** Only a probe could tell, and none was allowed. */
  | 'to be probed';

/** What the rule asks of the tracking store. */
export type SharedTracking = Pick<TrackingStore, 'reach' | 'label' | 'serverArtifacts'>;

/**
 * Decides whether artifacts may be written to a location: remote ones always; a local path only when the records are
 * local too, the path is below a shared path, or a probe written here is visible to the server. `run` is given when the
 * location is that run's own artifact URI: only there the server looks. With `mayProbe` false nothing is written.
 * @throws Failure misconfigured before the first byte, with the path, the machine, the reason and the ways out; what the
 * server's listing fails with when it gives no answer
 */
export async function checkShared(
  location: Location,
  tracking: SharedTracking,
  rule: SharedRule,
  io: Io,
  run?: { readonly runId: string; readonly mayProbe?: boolean },
): Promise<Fitness> {
  if (location.scheme !== 'file') return 'remote';
  if (rule.allowLocal) return 'allowed by the user';
  const path = resolve(rule.cwd, location.path);
  await checkLocationUnderAirflow(location, path, rule);
  if (tracking.reach === 'local') return 'same machine';
  const shared = await findSharedPath(path, rule.sharedPaths);
  if (shared.found) return 'shared path';
  const but = shared.but === undefined ? '' : `; ${shared.but}`;
  if (run && tracking.serverArtifacts) {
    if (run.mayProbe === false) return 'to be probed';
    const trouble = await probeServer(path, run.runId, tracking.serverArtifacts, rule.clock, io);
    if (trouble === undefined) return 'proven shared';
    throw refuseLocation(
      `artifacts would go to ${path} on this machine (${rule.hostname}), and ${tracking.label} does not see that folder: ${trouble}${but}`,
      location.redacted,
    );
  }
  throw refuseLocation(
    `artifacts would go to ${path} on each client's own machine (here ${rule.hostname}) while the records are kept by ${tracking.label}; nothing shows that the folder is shared${but}`,
    location.redacted,
  );
}

/**
 * Whether a path is below a shared one, by its name, which the others use, and in fact: a link below a mount may lead to
 * a local disk, and a mount that is missing here is a local folder.
 */
async function findSharedPath(
  path: string,
  sharedPaths: readonly string[],
): Promise<{ readonly found: boolean; readonly but?: string }> {
  let but: string | undefined;
  for (const shared of sharedPaths) {
    if (!isAbsolute(shared) || !isBelowFolder(path, shared)) continue;
    const folder = await realPathOf(shared);
    const real = await realPathOf(path);
    if (folder?.exists !== true) but = `the shared path ${shared} is not there on this machine`;
    else if (!real || !isBelowFolder(real.path, folder.path))
      but = `a link leads from the shared path ${shared} to another place`;
    else return { found: true };
  }
  return but === undefined ? { found: false } : { found: false, but };
}
