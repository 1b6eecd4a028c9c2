import { decodedForms, decodeOnce, hasOverlong } from '../artifact-path.ts';
import { Failure } from '../failure.ts';
import { redactUri } from '../redact.ts';
import { checkAuthority } from './authorities.ts';
import { formatLocation } from './format-location.ts';
import { SCHEMES, type Location, type Scheme } from './location.ts';
import { malformed } from './malformed.ts';
import { checkReference } from './references.ts';

const WITH_SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s;
const PARAMS_REFUSED: ReadonlySet<Scheme> = new Set([
  'http',
  'https',
  'ftp',
  'sftp',
  'mlflow-artifacts',
] as const);
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;
/** U+FFFD itself, as it is or encoded; decoding anything that is not UTF-8 gives it too. */
const REPLACEMENT = /\uFFFD|%ef%bf%bd/gi;
const ESCAPE = /%[0-9a-f]{2}/i;
/** Printable ASCII without blanks. */
const PLAIN_TEXT = /^[!-~]+$/;
/** What a path needs to leave its root, or to be another one once it is decoded. */
const SUSPICIOUS = /%|\.\.|[\0\r\n]/;
const ENCODE = 'percent-encode it in a file: URI, or use another directory';

function isScheme(text: string): text is Scheme {
  return (SCHEMES as readonly string[]).includes(text);
}

function isControl(character: string): boolean {
  return character < ' ' || character === '\x7f';
}

function locationOf(scheme: Scheme, authority: string, path: string): Location {
  const parts = { scheme, authority, path };
  return { ...parts, redacted: redactUri(formatLocation(parts)) };
}

/** Refuses what no part of an artifact URI may hold, as it is. */
function checkText(uri: string): void {
  if (PLAIN_TEXT.test(uri)) return;
  if (uri === '') throw malformed(uri, 'it is empty', 'give a URI such as s3://bucket/path, or a directory');
  if (LONE_SURROGATE.test(uri)) throw malformed(uri, 'it is not valid Unicode', 'write it in UTF-8');
  if (Array.from(uri).some(isControl)) throw malformed(uri, 'it has a control character', 'remove it');
  if (uri.trim() !== uri) throw malformed(uri, 'it starts or ends with a blank', 'remove the blank');
}

/** Refuses a path that leaves its root in any form that decoding gives it (CVE-2023-6831, CVE-2024-1558). */
function checkPath(uri: string, path: string): void {
  if (!SUSPICIOUS.test(path)) return;
  const forms = decodedForms(path);
  if (!forms) throw malformed(uri, 'it is percent-encoded more than 10 times', 'encode it once');
  for (const form of forms) {
    if (form.split(/[/\\]/).some((segment) => /^\.\.(?:;|$)/.test(segment))) {
      throw malformed(uri, 'it has a ".." segment', 'write the location it leads to');
    }
    if (/[\0\r\n]/.test(form)) throw malformed(uri, 'it has an encoded control character', 'remove it');
    if (hasOverlong(form)) throw malformed(uri, 'it has overlong UTF-8', 'encode it as UTF-8');
  }
}

function checkBackslash(uri: string, text: string): void {
  if (text.includes('\\')) throw malformed(uri, 'it has a backslash', 'write "/" between names');
}

/** Empty and `.` segments mean nothing on a file system. Slashes are collapsed before anything else is decided (CVE-2023-6977). */
function normalise(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (path.startsWith('/')) return `/${segments.join('/')}`;
  return segments.join('/') || '.';
}

function decodeLocal(uri: string, path: string): string {
  if (!path.includes('%')) return path;
  const decoded = decodeOnce(path);
  if (decodeOnce(path.replace(REPLACEMENT, 'x')).includes('\uFFFD')) {
    throw malformed(uri, 'its percent-encoding is not UTF-8', 'encode the bytes of the UTF-8 name');
  }
  if (Array.from(decoded).some(isControl))
    throw malformed(uri, 'it has an encoded control character', 'remove it');
  return decoded;
}

function parseDrive(uri: string, path: string, platform: NodeJS.Platform): Location {
  if (platform !== 'win32') {
    throw malformed(
      uri,
      'it is a Windows path',
      `this machine runs ${platform}; give a path of this machine`,
    );
  }
  const slashed = path.replaceAll('\\', '/');
  checkPath(uri, slashed);
  if (!/^[A-Za-z]:\//.test(slashed)) {
    throw malformed(uri, 'it is relative to a drive', 'write the whole path, such as C:/mlruns');
  }
  return locationOf('file', '', `${slashed.slice(0, 2)}${normalise(slashed.slice(2))}`);
}

function parseLocal(uri: string, path: string, platform: NodeJS.Platform): Location {
  checkBackslash(uri, path);
  checkPath(uri, path);
  const local = normalise(decodeLocal(uri, path));
  if (/^\/?[A-Za-z]:(?:\/|$)/.test(local)) return parseDrive(uri, local.replace(/^\//, ''), platform);
  checkBackslash(uri, local);
  return locationOf('file', '', local);
}

function parseFileUri(uri: string, rest: string, platform: NodeJS.Platform): Location {
  const [, host = '', path = rest] = /^\/\/([^/]*)(.*)$/.exec(rest) ?? [];
  if (host !== '' && host.toLowerCase() !== 'localhost') {
    const why = `it names the host ${JSON.stringify(redactUri(host))}, which a file: URI cannot reach`;
    throw malformed(uri, why, 'write file:///path, or mount the share and give its directory');
  }
  if (path === '') throw malformed(uri, 'it has no path', 'write file:///path');
  return parseLocal(uri, path, platform);
}

function checkSegments(uri: string, path: string): void {
  if (/(?:^|\/)(?:\.|%2e)(?:\/|$)/i.test(path)) {
    throw malformed(uri, 'it has a "." segment', 'remove the segment');
  }
  if (/\s$/.test(path)) throw malformed(uri, 'it ends with a blank', 'remove the blank');
  if (path.endsWith('/')) {
    throw malformed(uri, 'it ends in more than one slash', 'remove the slashes at the end');
  }
}

function parseRemote(uri: string, scheme: Scheme, rest: string): Location {
  checkBackslash(uri, rest);
  const [, authority = '', afterAuthority = rest] = /^\/\/([^/]*)(.*)$/.exec(rest) ?? [];
  const path = afterAuthority.replace(/^\//, '').replace(/\/$/, '');
  if (PARAMS_REFUSED.has(scheme) && path.includes(';')) {
    throw malformed(uri, 'it has parameters (";")', 'write the path alone');
  }
  checkPath(uri, path);
  checkSegments(uri, path);
  checkAuthority(uri, scheme, authority, rest.startsWith('/'));
  checkReference(uri, scheme, path);
  return locationOf(scheme, authority, path);
}

/**
 * Parses an artifact URI or a local path, as stock MLflow reads it. Schemes are case-insensitive. `file:` takes an empty
 * host or `localhost`; its path is decoded once. A path without a scheme is *also* percent-decoded once, because MLflow
 * reads every stored one so (`local_file_uri_to_path`): see `localAmbiguity`. `C:\x` and `file:///C:/x` are accepted on
 * Windows only. Empty segments of object stores are kept, because they are part of the key.
 *
 * Refused: query, fragment, parameters, `..` (plain or encoded, up to ten times), backslashes, control characters,
 * other hosts in `file:`, user names in bucket URIs, malformed authorities (CVE-2023-2356, -2780, -6831, -6909, -6977,
 * CVE-2024-1483, -1558, GHSA-f42m-mvfv-cgw5). In a path without a scheme `?` and `#` are part of a name.
 * @throws Failure invalid; unsupported for `dbfs` and unknown schemes
 */
export function parseLocation(uri: string, platform: NodeJS.Platform = process.platform): Location {
  checkText(uri);
  const [, written, rest = ''] = WITH_SCHEME.exec(uri) ?? [];
  if (written === undefined) return parseLocal(uri, uri, platform);
  if (written.length === 1) return parseDrive(uri, uri, platform);
  const scheme = written.toLowerCase();
  if (!isScheme(scheme)) throw unsupportedScheme(uri, scheme);
  if (rest.includes('?'))
    throw malformed(uri, 'it has a query ("?")', 'write the path alone; settings give the rest');
  if (rest.includes('#')) throw malformed(uri, 'it has a fragment ("#")', 'write the path alone');
  return scheme === 'file' ? parseFileUri(uri, rest, platform) : parseRemote(uri, scheme, rest);
}

function unsupportedScheme(uri: string, scheme: string): Failure {
  const databricks = scheme === 'dbfs' ? ' outside Databricks' : '';
  return new Failure({
    kind: 'unsupported',
    message: `artifact locations with the scheme "${scheme}:" are not supported${databricks}`,
    subject: redactUri(uri),
    hint: `use one of ${SCHEMES.join(', ')}, or a local path`,
  });
}

/**
 * Why a local path without a scheme may not mean what it seems to; undefined when it is clear. For a warning before such
 * a path is stored: stock MLflow reads `/a%20b` as `/a b`.
 */
export function localAmbiguity(uri: string): string | undefined {
  if (WITH_SCHEME.test(uri) || !ESCAPE.test(uri)) return undefined;
  return `MLflow percent-decodes the path, so it means ${JSON.stringify(decodeOnce(uri))}; ${ENCODE}`;
}
