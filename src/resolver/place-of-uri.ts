import { decodePath, parseArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { formatLocation, type Location, parseLocation, type Scheme } from '../core/location.ts';
import type { Place } from './resolution.ts';

/** Their path is text for the wire; the others' path is the name itself. */
const ON_THE_WIRE: ReadonlySet<Scheme> = new Set(['http', 'https', 'mlflow-artifacts', 'abfss'] as const);
/** The root of what a tracking server proxies: nothing above it can be listed. */
const PROXY_ROOT = /(?:^|\/)mlflow-artifacts\/artifacts$/;

/** The last name of a location, decoded; '' for a root, and for a name that no artifact may have. */
export function lastNameOf(location: Location): Under {
  const last = location.path.slice(location.path.lastIndexOf('/') + 1);
  if (last === '' || last === '.') return '';
  if (location.scheme.startsWith('http') && PROXY_ROOT.test(location.path)) return '';
  try {
    return ON_THE_WIRE.has(location.scheme) ? decodePath(last) : parseArtifactPath(last);
  } catch (thrown) {
    if (thrown instanceof Failure) return '';
    throw thrown;
  }
}

/**
 * The same thing seen from the folder above it: a store opened at a URI shows what is below it, and a URI may also name a
 * single file. Undefined for a root. (MLflow always splits so: `_get_root_uri_and_artifact_path`.)
 */
export function placeFromAbove(location: Location, because: string): Place | undefined {
  const name = lastNameOf(location);
  const above = folderAbove(location);
  if (name === '' || above === undefined) return undefined;
  return { location: above, path: name, because };
}

function folderAbove({ scheme, authority, path }: Location): Location | undefined {
  const slash = path.lastIndexOf('/');
  const above = slash < 0 ? '' : path.slice(0, slash);
  if (scheme === 'file') {
    const folder = above === '' ? (slash === 0 ? '/' : '.') : above;
    return parseLocation(formatLocation({ scheme, authority, path: folder }));
  }
  // An empty segment is part of a key, and no location ends in one.
  if (above.endsWith('/') || (slash === 0 && above === '')) return undefined;
  return parseLocation(formatLocation({ scheme, authority, path: above }));
}
