import { Failure } from './failure.ts';

declare const checked: unique symbol;
/** A decoded, relative, normal POSIX path inside a store; never empty. Only `parseArtifactPath` makes one. */
export type ArtifactPath = string & { readonly [checked]: 'path' };
/** A path, or the root: listed, never written or removed. */
export type Under = ArtifactPath | '';

/**
 * Checks a name as a user gave it or a server listed it.
 * @throws Failure invalid
 */
export function parseArtifactPath(raw: string): ArtifactPath {
  if (raw === '' || raw.startsWith('/') || raw.split('/').some((s) => s === '' || s === '.' || s === '..')) {
    throw new Failure({
      kind: 'invalid',
      message: `artifact path ${JSON.stringify(raw)} is not allowed`,
      subject: raw,
    });
  }
  return raw as ArtifactPath;
}

/** `under/name`; the name is checked. */
export function joinPath(under: Under, name: string): ArtifactPath {
  return parseArtifactPath(under === '' ? name : `${under}/${name}`);
}

/** A path for the wire: each segment percent-encoded exactly once, slashes kept. */
export function encodePath(path: Under): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
