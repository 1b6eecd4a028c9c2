import { randomBytes } from 'node:crypto';
import { mkdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Location } from '../core/location.ts';
import type { TrackingStore } from '../tracking/store.ts';

/** What the rule of "Where artifacts may go" needs to know of this process. */
export interface SharedRule {
  readonly cwd: string;
  readonly hostname: string;
  readonly tempDirectories: readonly string[];
  readonly sharedPaths: readonly string[];
  readonly allowLocal: boolean;
  /** The DAG this task belongs to, under Airflow. */
  readonly airflowDag: string | undefined;
  /** The tracking URI as configured; undefined when nobody configured one. */
  readonly trackingUri: string | undefined;
  readonly clock: Clock;
}

/** How a location was found fit to hold artifacts. */
export type Fitness = 'remote' | 'same machine' | 'shared path' | 'proven shared' | 'allowed by the user';

function below(path: string, folder: string): boolean {
  const way = relative(resolve(folder), path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const WAYS_OUT =
  'use an experiment whose artifact location is remote (`experiments create --artifact-location s3://…`), start the server with --artifacts-destination and without a local --default-artifact-root, name a mount that both sides share with --shared-path, or pass --allow-local';

function refuse(message: string, subject: string, hint = WAYS_OUT): Failure {
  return new Failure({
    kind: 'misconfigured',
    message,
    hint,
    subject,
    settings: ['artifacts.allowLocal', 'artifacts.sharedPaths'],
  });
}

function trackingPath(uri: string): string | undefined {
  if (/^sqlite:\/{3}/.test(uri)) return uri.replace(/^sqlite:\/{3}/, '').replace(/\?.*$/, '');
  if (uri.startsWith('file:')) return uri.replace(/^file:(\/\/(localhost)?)?/, '');
  return /^[A-Za-z][A-Za-z0-9+.-]+:/.test(uri) ? undefined : uri;
}

/**
 * Under Airflow the task's working directory and temporary directories are deleted after it: records kept there are
 * lost with it.
 * @throws Failure misconfigured
 */
export function checkTrackingUnderAirflow(rule: SharedRule): void {
  if (rule.airflowDag === undefined || rule.allowLocal) return;
  const hint =
    'set MLFLOW_TRACKING_URI to your tracking server; a BashOperator with env= passes it on only with append_env=True. --allow-local goes on regardless';
  if (rule.trackingUri === undefined) {
    throw refuse(
      `no tracking URI is set in this Airflow task of DAG ${rule.airflowDag}, so records would go to the task's working directory and vanish with it`,
      'tracking.uri',
      hint,
    );
  }
  const path = trackingPath(rule.trackingUri);
  if (path === undefined) return;
  if (!isAbsolute(path)) {
    throw refuse(
      `the tracking URI ${rule.trackingUri} is relative to this Airflow task's working directory, which is deleted after the task`,
      'tracking.uri',
      hint,
    );
  }
  if (rule.tempDirectories.some((folder) => below(path, folder))) {
    throw refuse(
      `the tracking URI ${rule.trackingUri} is in a temporary directory, which an Airflow task does not keep`,
      'tracking.uri',
      hint,
    );
  }
}

function checkLocationUnderAirflow(location: Location, path: string, rule: SharedRule): void {
  if (rule.airflowDag === undefined) return;
  if (!isAbsolute(location.path)) {
    throw refuse(
      `the artifact location ${location.redacted} is relative to this Airflow task's working directory, which is deleted after the task`,
      location.redacted,
    );
  }
  if (rule.tempDirectories.some((folder) => below(path, folder))) {
    throw refuse(
      `the artifact location ${location.redacted} is in a temporary directory, which an Airflow task does not keep`,
      location.redacted,
    );
  }
}

/**
 * Decides whether artifacts may be written to a location: remote ones always; a local path only when the records are
 * local too, the path is below a shared path, or a probe written here is visible to the server (with a run).
 * @throws Failure misconfigured before the first byte, with the path, the machine, the reason and the ways out
 */
export async function checkShared(
  location: Location,
  tracking: Pick<TrackingStore, 'reach' | 'label' | 'serverArtifacts'>,
  rule: SharedRule,
  io: Io,
  run?: { readonly runId: string },
): Promise<Fitness> {
  if (location.scheme !== 'file') return 'remote';
  if (rule.allowLocal) return 'allowed by the user';
  const path = resolve(rule.cwd, location.path);
  checkLocationUnderAirflow(location, path, rule);
  if (tracking.reach === 'local') return 'same machine';
  if (rule.sharedPaths.some((folder) => below(path, folder))) return 'shared path';
  if (run && tracking.serverArtifacts) {
    const trouble = await probe(path, run.runId, tracking.serverArtifacts, rule.clock, io);
    if (trouble === undefined) return 'proven shared';
    throw refuse(
      `artifacts would go to ${path} on this machine (${rule.hostname}), and ${tracking.label} does not see that folder: ${trouble}`,
      location.redacted,
    );
  }
  throw refuse(
    `artifacts would go to ${path} on each client's own machine (here ${rule.hostname}) while the records are kept by ${tracking.label}; nothing shows that the folder is shared`,
    location.redacted,
  );
}

/** Listings tried before a probe counts as invisible: network file systems cache directories for a moment. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 500;

/** @returns why the folder is not proven shared; undefined when it is */
async function probe(
  folder: string,
  runId: string,
  server: NonNullable<TrackingStore['serverArtifacts']>,
  clock: Clock,
  io: Io,
): Promise<string | undefined> {
  const name = `.mlstow-probe-${randomBytes(8).toString('hex')}`;
  const file = join(folder, name);
  let created: string | undefined;
  try {
    created = await mkdir(folder, { recursive: true });
    await writeFile(file, 'mlstow probe: safe to delete\n', { flag: 'wx' });
  } catch (thrown) {
    await removeCreated(folder, created);
    return `it cannot be written here (${(thrown as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  try {
    return (await isSeen(name, runId, server, clock, io))
      ? undefined
      : 'a probe file written here is not in its listing';
  } finally {
    await unlink(file);
    await removeCreated(folder, created);
  }
}

async function isSeen(
  name: string,
  runId: string,
  server: NonNullable<TrackingStore['serverArtifacts']>,
  clock: Clock,
  io: Io,
): Promise<boolean> {
  for (let look = 1; ; look += 1) {
    const files = await server.list(runId, '', io);
    if (files.some((file) => file.path === name)) return true;
    if (look === LOOKS) return false;
    await clock.sleep(BETWEEN_LOOKS_MS, io.signal);
  }
}

/** Removes the folders that the probe created, deepest first; one that is in use by now stays. */
async function removeCreated(folder: string, firstCreated: string | undefined): Promise<void> {
  if (firstCreated === undefined) return;
  for (let path = folder; below(path, firstCreated); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return;
    }
  }
}
