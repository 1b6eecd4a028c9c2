import { isAbsolute } from 'node:path';
import { Failure } from '../core/failure.ts';
import { type Location, parseLocation } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import { isBelowFolder, realPathOf } from './local-paths.ts';
import { refuseLocation } from './refuse-location.ts';
import type { SharedRule } from './shared-rule.ts';

function refuseTracking(message: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message,
    hint: 'set MLFLOW_TRACKING_URI to your tracking server; a BashOperator with env= passes it on only with append_env=True. --allow-local goes on regardless',
    subject: 'tracking.uri',
    settings: ['tracking.uri', 'artifacts.allowLocal'],
  });
}

/** The local path of a tracking URI; undefined for a server or a database server. */
export function trackingPath(uri: string): string | undefined {
  const sqlite = /^sqlite(?:\+\w+)?:\/\/\/?([^?]*)/i.exec(uri);
  if (sqlite) return sqlite[1] ?? '';
  if (/^file:/i.test(uri) || !/^[a-z][a-z0-9+.-]+:/i.test(uri)) return pathOf(uri);
  return undefined;
}

/** A path that cannot be read is refused where it is opened. */
function pathOf(uri: string): string | undefined {
  try {
    return parseLocation(uri).path;
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

/**
 * Under Airflow the task's working directory and temporary directories are deleted after it: records kept there are
 * lost with it.
 * @throws Failure misconfigured
 */
export function checkTrackingUnderAirflow(rule: SharedRule): void {
  if (rule.airflowDag === undefined || rule.allowLocal) return;
  if (rule.trackingUri === undefined) {
    throw refuseTracking(
      `no tracking URI is set in this Airflow task of DAG ${rule.airflowDag}, so records would go to the task's working directory and vanish with it`,
    );
  }
  const path = trackingPath(rule.trackingUri);
  if (path === undefined) return;
  const shown = redactUri(rule.trackingUri);
  if (!isAbsolute(path)) {
    throw refuseTracking(
      `the tracking URI ${shown} is relative to this Airflow task's working directory, which is deleted after the task`,
    );
  }
  if (rule.tempDirectories.some((folder) => isBelowFolder(path, folder))) {
    throw refuseTracking(
      `the tracking URI ${shown} is in a temporary directory, which an Airflow task does not keep`,
    );
  }
}

/**
 * The same for an artifact location, whose absolute path is `path`.
 * @throws Failure misconfigured
 */
export async function checkLocationUnderAirflow(
  location: Location,
  path: string,
  rule: SharedRule,
): Promise<void> {
  if (rule.airflowDag === undefined) return;
  if (!isAbsolute(location.path)) {
    throw refuseLocation(
      `the artifact location ${location.redacted} is relative to this Airflow task's working directory (${path} on ${rule.hostname}), which is deleted after the task`,
      location.redacted,
    );
  }
  if (await isTemporary(path, rule.tempDirectories)) {
    throw refuseLocation(
      `the artifact location ${location.redacted} is in a temporary directory of this machine (${rule.hostname}), which an Airflow task does not keep`,
      location.redacted,
    );
  }
}

async function isTemporary(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await realPathOf(path);
  for (const folder of folders) {
    if (isBelowFolder(path, folder)) return true;
    const realFolder = await realPathOf(folder);
    if (real && realFolder && isBelowFolder(real.path, realFolder.path)) return true;
  }
  return false;
}
