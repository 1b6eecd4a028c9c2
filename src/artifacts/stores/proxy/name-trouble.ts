import { Failure } from '../../../core/failure.ts';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { rewrittenScheme } from '../../../core/stock-names.ts';
import { placeOf, type ProxyAddress } from './address.ts';

/** What the server does to a whole place because of how it starts. */
function startTrouble(place: string): string | undefined {
  if (/^[\0- ]/.test(place)) return 'an MLflow server drops blanks at the start';
  if (place.startsWith('..')) return 'an MLflow server refuses places that start with ".."';
  const scheme = rewrittenScheme(place);
  return scheme && `an MLflow server takes "${scheme}:" for a URI scheme and rewrites it`;
}

/** What the server does to a place because of how it ends: it parses every place as a URL. */
function endTrouble(place: string): string | undefined {
  const query = place.indexOf('?');
  if (query === place.length - 1 && query >= 0) return 'an MLflow server drops a "?" at the end of a name';
  const beforeQuery = query < 0 ? place : place.slice(0, query);
  const params = beforeQuery.indexOf(';', beforeQuery.lastIndexOf('/') + 1);
  if (params >= 0 && params === beforeQuery.length - 1) {
    return 'an MLflow server drops a ";" at the end of a name';
  }
  return undefined;
}

function contentTrouble(place: string): string | undefined {
  if (place.includes('#')) return 'an MLflow server refuses names with "#"';
  if (/%[0-9a-f]{2}/i.test(place)) return 'an MLflow server percent-decodes the name and stores another one';
  if (Array.from(place).some((c) => c < ' ' || c === '\x7f')) {
    return 'an MLflow server drops or rewrites control characters';
  }
  if (/(?:^|\/)\.artifact\.uploading\./.test(place)) {
    return 'an MLflow server hides names that start with ".artifact.uploading."';
  }
  return undefined;
}

/**
 * Why an MLflow server would store a place under another name, not find it in a listing, or nowhere, in one sentence;
 * undefined when it holds it as it is. Directories count too: a listing of `a?` would be one of `a`. What the server
 * refuses or not by its own version and destination (`skills`, very long names) is left to it: it says so.
 * @see mlflow/utils/uri.py `validate_path_is_safe` (3.17.2): percent-decoded and parsed as a URL until it is stable
 */
export function placeTrouble(place: string): string | undefined {
  const found = contentTrouble(place) ?? startTrouble(place);
  if (found !== undefined) return found;
  for (let end = place.indexOf('/'); ; end = place.indexOf('/', end + 1)) {
    const trouble = endTrouble(end < 0 ? place : place.slice(0, end));
    if (trouble !== undefined || end < 0) return trouble;
  }
}

/** `placeTrouble` of a path at its root. */
export function nameTrouble(address: ProxyAddress, path: ArtifactPath): string | undefined {
  return placeTrouble(placeOf(address, path));
}

/** The Failure that keeps a place from being listed, read or removed under another name. */
export function troubleFailure(subject: string, trouble: string): Failure {
  return new Failure({
    kind: 'invalid',
    message: `${subject} cannot be addressed: ${trouble}`,
    subject,
    hint: "use the URI of the server's own store, in which it has this name",
  });
}

/** @throws Failure invalid when the server would take the path for another one */
export function refuseTrouble(address: ProxyAddress, path: ArtifactPath, subject: string): void {
  const trouble = nameTrouble(address, path);
  if (trouble !== undefined) throw troubleFailure(subject, trouble);
}
