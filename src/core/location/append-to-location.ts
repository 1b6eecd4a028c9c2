import { encodePath, type ArtifactPath } from '../artifact-path.ts';
import { formatLocation } from './format-location.ts';
import type { Location, Scheme } from './location.ts';
import { parseLocation } from './parse-location.ts';

/** Their path is text for the wire: names are encoded once. The others' path is the key itself. */
const ON_THE_WIRE: ReadonlySet<Scheme> = new Set(['http', 'https', 'mlflow-artifacts', 'abfss'] as const);

/**
 * A location below another one. Names stay as they are in local paths and object keys, and are percent-encoded once in
 * URLs.
 * @throws Failure invalid when a name cannot be written in that kind of URI (`#` in `s3:`, say)
 */
export function appendToLocation(location: Location, ...segments: readonly ArtifactPath[]): Location {
  if (segments.length === 0) return location;
  const { scheme, authority, path } = location;
  const added = segments
    .map((segment) => (ON_THE_WIRE.has(scheme) ? encodePath(segment) : segment))
    .join('/');
  const joined = path === '' || path.endsWith('/') ? `${path}${added}` : `${path}/${added}`;
  return parseLocation(
    formatLocation({ scheme, authority, path: scheme === 'file' && path === '.' ? added : joined }),
  );
}
