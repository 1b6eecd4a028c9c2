import { decodedForms } from '../artifact-path.ts';
import { malformed } from './malformed.ts';

const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s;
/** Python's `urllib.parse.uses_netloc` among the schemes that MLflow stores: an empty host is written as `//`. */
const WRITES_EMPTY_HOST = new Set(['file', 'ftp', 'sftp', 'http', 'https']);
/** `urllib.parse.uses_params`: what follows `;` in the last segment stays at the end. */
const HAS_PARAMS = new Set(['ftp', 'sftp', 'http', 'https']);

function join(prefix: string, suffix: string): string {
  if (prefix === '') return suffix;
  const relative = suffix.replace(/^\/+/, '');
  return prefix.endsWith('/') ? `${prefix}${relative}` : `${prefix}/${relative}`;
}

function splitParams(scheme: string, path: string): readonly [path: string, params: string] {
  const semicolon = HAS_PARAMS.has(scheme) ? path.indexOf(';', path.lastIndexOf('/') + 1) : -1;
  return semicolon < 0 ? [path, ''] : [path.slice(0, semicolon), path.slice(semicolon)];
}

function checkQuery(uri: string, query: string): void {
  const forms = decodedForms(query);
  if (forms && !forms.some((form) => form.includes('..'))) return;
  throw malformed(uri, 'its query has ".."', 'remove the query');
}

function write(scheme: string, netloc: string, path: string): string {
  if (netloc !== '') return `${scheme}:${netloc}${path === '' || path.startsWith('/') ? path : `/${path}`}`;
  return `${scheme}:${path.startsWith('/') && WRITES_EMPTY_HOST.has(scheme) ? '//' : ''}${path}`;
}

/**
 * A URI with paths appended to its path component, query and fragment kept: what MLflow stores as a run's artifact URI
 * (`mlflow.utils.uri.append_to_uri_path`), quirks included: `hdfs:///x` gives `hdfs:/x/r`.
 * @throws Failure invalid when the query holds `..` in any encoding
 */
export function appendToUri(uri: string, ...paths: readonly string[]): string {
  const added = paths.reduce(join, '');
  const [written, netloc = '', whole = '', query = '', fragment = ''] = URI.exec(uri)?.slice(1) ?? [];
  checkQuery(uri, query);
  if (written === undefined) return join(uri, added);
  const scheme = written.toLowerCase();
  const [path, params] = splitParams(scheme, whole);
  const tail = `${params}${query === '?' ? '' : query}${fragment === '#' ? '' : fragment}`;
  return write(scheme, netloc === '//' ? '' : netloc, join(path, added)) + tail;
}
