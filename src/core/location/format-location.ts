import type { Location } from './location.ts';

/** Schemes that have no host of their own by default: written with one slash, as MLflow stores them. */
const ROOTED = new Set(['mlflow-artifacts', 'runs', 'models']);
/** What makes a plain path mean something else to a URI parser, or to stock MLflow, which percent-decodes it. */
const AMBIGUOUS = /[%?#]|^[A-Za-z][A-Za-z0-9+.-]*:|^\s|\s$/;

function formatFile(path: string): string {
  const isDrive = /^[A-Za-z]:\//.test(path);
  if (!isDrive && !AMBIGUOUS.test(path)) return path;
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  if (isDrive) return `file:///${path.slice(0, 2)}${encoded.slice(encoded.indexOf('/'))}`;
  return path.startsWith('/') ? `file://${encoded}` : `file:${encoded}`;
}

/**
 * The URI of a location, exactly usable by stock MLflow; `parseLocation` gives the same location back. A local path is
 * written plainly when it reads the same to everyone, else as a `file:` URI, percent-encoded once. It may hold a
 * password: show `location.redacted` instead.
 */
export function formatLocation(location: Pick<Location, 'scheme' | 'authority' | 'path'>): string {
  const { scheme, authority, path } = location;
  if (scheme === 'file') return formatFile(path);
  if (authority === '' && ROOTED.has(scheme) && !path.startsWith('/')) return `${scheme}:/${path}`;
  return path === '' && authority !== '' ? `${scheme}://${authority}` : `${scheme}://${authority}/${path}`;
}
