import { Failure } from './failure.ts';

declare const checked: unique symbol;
/** A decoded, relative, normal POSIX path inside a store; never empty. Only `parseArtifactPath` makes one. */
export type ArtifactPath = string & { readonly [checked]: 'path' };
/** A path, or the root: listed, never written or removed. */
export type Under = ArtifactPath | '';

/** A stock server decodes a path this often before it gives up (`mlflow.utils.uri._decode`). */
const MAX_ROUNDS = 10;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
/** Two to four bytes that a careless decoder reads as one ASCII character (CVE-2000-0884 and its kin). */
const OVERLONG = /%c[01]%[89ab][0-9a-f]|%e0%[89][0-9a-f]%[89ab][0-9a-f]|%f0%8[0-9a-f]%[89ab]/i;
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;
/** `C:` as Windows writes it, or any letter with a separator or nothing after it. `a:b.txt` is a name. */
const DRIVE = /^(?:[A-Z]:|[a-z]:(?:[/\\]|$))/;
/** What most names are: nothing in it decodes to anything, and no segment starts with a dot. */
const PLAIN = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/;
const SHOWN = 200;

/** Percent-decodes once, leaving malformed escapes as they are; bytes that are not UTF-8 become U+FFFD, as in Python's unquote. */
export function decodeOnce(text: string): string {
  return text.replace(ESCAPES, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/**
 * The text and every form that repeated percent-decoding makes of it, until it changes no more; undefined when ten
 * rounds are not enough.
 */
export function decodedForms(text: string): readonly string[] | undefined {
  const forms = [text];
  for (let form = text, round = 0; ; round += 1) {
    const next = decodeOnce(form);
    if (next === form) return forms;
    if (round === MAX_ROUNDS) return undefined;
    forms.push(next);
    form = next;
  }
}

/** Whether a text holds bytes that a careless UTF-8 decoder reads as `.`, `/`, `\` or NUL. */
export function hasOverlong(text: string): boolean {
  return OVERLONG.test(text);
}

function badSegment(form: string): string | undefined {
  const segments = form.split('/');
  if (segments.includes('')) return 'it has an empty segment';
  if (segments.includes('.')) return 'it has a "." segment';
  // Servers that know path parameters read "..;x" as "..".
  const leaves = form.split(/[/\\]/).some((segment) => segment === '..' || segment.startsWith('..;'));
  return leaves ? 'it has a ".." segment' : undefined;
}

function badForm(form: string, platform: NodeJS.Platform): string | undefined {
  if (form.includes('\0')) return 'it has a NUL character';
  if (/[\r\n]/.test(form)) return 'it has a line break';
  if (form.startsWith('/')) return 'it is absolute';
  if (form.startsWith('\\\\')) return 'it is a UNC path';
  if (form.startsWith('\\')) return 'it is absolute on Windows';
  if (DRIVE.test(form) || (platform === 'win32' && /^[a-z]:/i.test(form)))
    return 'it starts with a drive letter';
  if (platform === 'win32' && form.includes('\\')) return 'it has a backslash';
  return badSegment(form);
}

/**
 * Why a name must not be used as an artifact path, as it is or after any number of percent-decodings up to ten;
 * undefined when it may. Refused are: nothing at all, absolute, drive letter, UNC, `..` (also behind a backslash), `.`
 * and empty segments, NUL, CR, LF, lone surrogates, overlong UTF-8, more than ten levels of encoding; on Windows every
 * backslash. `100%25.txt`, `50%.txt`, `a%20b`, `a:b.txt` are names like any other.
 */
export function unsafeReason(raw: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (PLAIN.test(raw)) return undefined;
  if (raw === '') return 'it is empty';
  if (LONE_SURROGATE.test(raw)) return 'it is not valid Unicode';
  const forms = decodedForms(raw);
  if (!forms) return `it is percent-encoded more than ${MAX_ROUNDS} times`;
  for (const [round, form] of forms.entries()) {
    // Parsers that follow the WHATWG drop tabs, so that ".<tab>." is ".." to them.
    const reason =
      badForm(form, platform) ??
      badForm(form.replaceAll('\t', ''), platform) ??
      (hasOverlong(form) ? 'it has overlong UTF-8' : undefined);
    if (reason !== undefined) return round === 0 ? reason : `${reason} once it is percent-decoded`;
  }
  return undefined;
}

/**
 * Checks a name as a user gave it or a server or store listed it; it stays as it is.
 * @throws Failure invalid, naming the reason
 */
export function parseArtifactPath(raw: string): ArtifactPath {
  const reason = unsafeReason(raw);
  if (reason === undefined) return raw as ArtifactPath;
  const shown = raw.length > SHOWN ? `${raw.slice(0, SHOWN)}…` : raw;
  throw new Failure({
    kind: 'invalid',
    message: `artifact path ${JSON.stringify(shown)} is not allowed: ${reason}`,
    subject: shown,
    hint: 'use a relative path with "/" between names, such as model/weights.bin',
  });
}

/**
 * `under/name`; the name is checked on its own, so that no listing can leave `under`.
 * @throws Failure invalid
 */
export function joinPath(under: Under, name: string): ArtifactPath {
  const checkedName = parseArtifactPath(name);
  return under === '' ? checkedName : (`${under}/${checkedName}` as ArtifactPath);
}

/** The directory that holds a path; '' for a name at the root. */
export function parentOf(path: ArtifactPath): Under {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as Under;
}

/** The last segment. */
export function nameOf(path: ArtifactPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a path is `under` or below it, by whole segments. */
export function isWithin(path: Under, under: Under): boolean {
  return under === '' || path === under || path.startsWith(`${under}/`);
}

/**
 * A path as seen from `under`; '' for `under` itself. Checked again: `a/C:/x` is a path, `C:/x` is not.
 * @throws Failure invalid when the path is not within `under` or the rest is not allowed
 */
export function relativeTo(under: Under, path: Under): Under {
  if (path === under) return '';
  if (under === '') return path;
  if (isWithin(path, under)) return parseArtifactPath(path.slice(under.length + 1));
  throw new Failure({
    kind: 'invalid',
    message: `artifact path ${JSON.stringify(path)} is not below ${JSON.stringify(under)}`,
    subject: path,
  });
}

/** A path for the wire: each segment percent-encoded exactly once (RFC 3986), slashes kept. */
export function encodePath(path: Under): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/**
 * A path from the wire, decoded exactly once: the inverse of `encodePath`.
 * @throws Failure invalid when it is malformed, not UTF-8, hides a slash in a segment, or is not allowed
 */
export function decodePath(wire: string): ArtifactPath {
  return parseArtifactPath(wire.split('/').map(decodeSegment).join('/'));
}

function decodeSegment(segment: string): string {
  let decoded;
  try {
    decoded = decodeURIComponent(segment);
  } catch (cause) {
    throw new Failure(
      { kind: 'invalid', message: 'a path is not well percent-encoded', subject: segment },
      cause,
    );
  }
  if (!decoded.includes('/')) return decoded;
  throw new Failure({ kind: 'invalid', message: 'a path has an encoded slash', subject: segment });
}
