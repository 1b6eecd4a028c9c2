import { isAbsolute, resolve, sep } from 'node:path';
import { decodePath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { appendToLocation, formatLocation, type Location, parseLocation } from '../core/location.ts';
import type { Step } from './resolution.ts';

/** What the last step, from a location to a store's own, depends on. */
export interface PhysicalOptions {
  /** Resolved; `http(s)` when a server keeps the records. */
  readonly trackingUri: string;
  /** Where a proxying server keeps its files, to reach them without that server. */
  readonly artifactsDestination?: { readonly uri: string; readonly origin: string };
  /** Where relative paths start; absolute. */
  readonly cwd: string;
}

/** A location that a store can be opened at, and the steps that led to it. */
export interface Physical {
  readonly location: Location;
  readonly steps: readonly Step[];
}

/** The same location; a relative local path counts from `cwd`. */
export function absoluteLocation(location: Location, cwd: string): Location {
  if (location.scheme !== 'file' || isAbsolute(location.path)) return location;
  const path = resolve(cwd, location.path).split(sep).join('/');
  return parseLocation(formatLocation({ scheme: 'file', authority: '', path }));
}

/**
 * The store's own location: `mlflow-artifacts:` becomes the server's HTTP address, or the artifacts destination when no
 * server is in play; a relative path becomes absolute.
 * @throws Failure misconfigured when nothing tells which server a `mlflow-artifacts:` URI means; corrupt when a record
 * gives a `runs:` or `models:` URI as the place where files are
 */
export async function resolvePhysical(location: Location, options: PhysicalOptions): Promise<Physical> {
  if (location.scheme === 'runs' || location.scheme === 'models') throw reference(location);
  if (location.scheme === 'mlflow-artifacts') return resolveProxied(location, options);
  const absolute = absoluteLocation(location, options.cwd);
  if (absolute === location) return { location, steps: [] };
  return { location: absolute, steps: [{ found: absolute.redacted, origin: 'the working directory' }] };
}

function reference(location: Location): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `${location.redacted} is recorded as a place where files are, and it only refers to one`,
    hint: 'correct the record: an artifact location names a store, such as s3://bucket/path',
    subject: location.redacted,
  });
}

async function resolveProxied(location: Location, options: PhysicalOptions): Promise<Physical> {
  if (/^https?:/i.test(options.trackingUri)) {
    const { resolveProxyUrl } = await import('../artifacts/stores/proxy/resolve-proxy-url.ts');
    const proxied = parseLocation(resolveProxyUrl(location, options.trackingUri).href);
    return {
      location: proxied,
      steps: [{ found: proxied.redacted, origin: 'the tracking server that proxies it' }],
    };
  }
  if (options.artifactsDestination && location.authority === '') {
    return direct(location, options.artifactsDestination, options.cwd);
  }
  throw new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} is served by a tracking server, and the tracking URI is not an http(s) one`,
    hint: 'set MLFLOW_TRACKING_URI to the server, or MLFLOW_ARTIFACTS_DESTINATION to where that server keeps its files',
    subject: location.redacted,
    settings: ['tracking.uri', 'artifacts.destination'],
  });
}

/** Where a proxying server would keep it; the server decodes the path once and collapses slashes. */
function direct(
  location: Location,
  destination: NonNullable<PhysicalOptions['artifactsDestination']>,
  cwd: string,
): Physical {
  const root = absoluteLocation(configuredLocation(destination, 'artifacts.destination'), cwd);
  if (root.scheme === 'mlflow-artifacts') throw notAStore(root, destination.origin, 'artifacts.destination');
  const path = location.path.replace(/\/{2,}/g, '/').replace(/^\/|\/$/g, '');
  const found = path === '' ? root : appendToLocation(root, decodePath(path));
  return { location: found, steps: [{ found: found.redacted, origin: destination.origin }] };
}

/**
 * The location that a setting gives.
 * @throws Failure misconfigured, naming who set it, when it is malformed or only refers to a run or a model
 */
export function configuredLocation(
  setting: { readonly uri: string; readonly origin: string },
  key: string,
): Location {
  let location;
  try {
    location = parseLocation(setting.uri);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind !== 'invalid') throw thrown;
    throw thrown.with({
      kind: 'misconfigured',
      message: `${thrown.message} (${setting.origin})`,
      settings: [key],
    });
  }
  if (location.scheme === 'runs' || location.scheme === 'models')
    throw notAStore(location, setting.origin, key);
  return location;
}

function notAStore(location: Location, origin: string, key: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} (${origin}) does not name a store`,
    hint: 'give the location of a store, such as s3://bucket/path',
    subject: location.redacted,
    settings: [key],
  });
}
