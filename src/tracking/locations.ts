import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../core/failure.ts';
import { appendToUri } from '../core/location.ts';

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

function unquote(path: string, uri: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new Failure(
      {
        kind: 'invalid',
        message: `${uri} holds a % that is not followed by two hexadecimal digits`,
        subject: uri,
      },
      cause,
    );
  }
}

/**
 * A local path or `file:` URI made absolute from `cwd`; every other URI as it is (mlflow.utils.uri.resolve_uri_if_local).
 * @throws Failure invalid for a relative path with a broken percent escape
 */
export function absoluteIfLocal(uri: string, cwd: string): string {
  if (!SCHEME.test(uri)) return isAbsolute(uri) ? uri : join(cwd, unquote(uri, uri));
  if (!/^file:/i.test(uri)) return uri;
  const path = uri.slice('file:'.length);
  return path.startsWith('/') ? uri : pathToFileURL(join(cwd, unquote(path, uri))).href;
}

/** Where an experiment's runs go by default: `<root>/<experiment id>`. */
export function experimentLocation(root: string, experimentId: string): string {
  return appendToUri(root, experimentId);
}

/** Where a run's artifacts go: `<experiment location>/<run id>/artifacts`. */
export function runArtifactUri(location: string, runId: string): string {
  return appendToUri(location, runId, 'artifacts');
}
