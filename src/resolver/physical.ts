import { isAbsolute, resolve } from 'node:path';
import { parseArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { appendToLocation, type Location, parseLocation } from '../core/location.ts';
import type { Step } from './resolution.ts';

/** What the last step, from a location to a store's own, depends on. */
export interface PhysicalOptions {
  /** Resolved; `http(s)` when a server keeps the records. */
  readonly trackingUri: string;
  /** Where a proxying server keeps its files, to reach them without that server. */
  readonly artifactsDestination?: { readonly uri: string; readonly origin: string };
  readonly cwd: string;
}

/**
 * The store's own location: `mlflow-artifacts:` becomes the server's HTTP address, or the artifacts destination when no
 * server is in play; a relative path becomes absolute.
 * @throws Failure misconfigured when nothing tells which server a `mlflow-artifacts:` URI means
 */
export async function resolvePhysical(
  location: Location,
  options: PhysicalOptions,
): Promise<{ readonly location: Location; readonly steps: readonly Step[] }> {
  if (location.scheme === 'mlflow-artifacts') return resolveProxied(location, options);
  if (location.scheme === 'file' && !isAbsolute(location.path)) {
    const absolute = parseLocation(resolve(options.cwd, location.path));
    return { location: absolute, steps: [{ found: absolute.redacted, origin: 'the working directory' }] };
  }
  return { location, steps: [] };
}

async function resolveProxied(
  location: Location,
  options: PhysicalOptions,
): Promise<{ readonly location: Location; readonly steps: readonly Step[] }> {
  if (/^https?:/i.test(options.trackingUri)) {
    const { resolveProxyUrl } = await import('../artifacts/stores/proxy/resolve-proxy-url.ts');
    const proxied = parseLocation(resolveProxyUrl(location, options.trackingUri).href);
    return {
      location: proxied,
      steps: [{ found: proxied.redacted, origin: 'the tracking server that proxies it' }],
    };
  }
  const { artifactsDestination } = options;
  if (artifactsDestination && location.authority === '') {
    const root = parseLocation(artifactsDestination.uri);
    const direct = location.path === '' ? root : appendToLocation(root, parseArtifactPath(location.path));
    return { location: direct, steps: [{ found: direct.redacted, origin: artifactsDestination.origin }] };
  }
  throw new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} is served by a tracking server, and the tracking URI is not an http(s) one`,
    hint: 'set MLFLOW_TRACKING_URI to the server, or MLFLOW_ARTIFACTS_DESTINATION to where that server keeps its files',
    subject: location.redacted,
    settings: ['tracking.uri', 'artifacts.destination'],
  });
}
