import { decodeOnce } from '../artifact-path.ts';
import { formatLocation } from './format-location.ts';
import type { Location, Scheme } from './location.ts';
import { malformed } from './malformed.ts';

/** `container@account.host` of `wasbs:` and `abfss:` (there the container is the file system). */
export interface AzureParts {
  readonly container: string;
  readonly account: string;
  /** The whole host, account included: `acc.blob.core.windows.net`. */
  readonly host: string;
}

/** `bucket@host` of `r2:` and `b2:`. */
export interface BucketParts {
  readonly bucket: string;
  /** `https://host`, without a path. */
  readonly endpoint: string;
  /** b2 only: the region in the host. */
  readonly region?: string;
}

/** `[user[:password]@]host[:port]`. */
export interface HostPort {
  /** Percent-decoded once. */
  readonly user?: string;
  /** Percent-decoded once. A secret. */
  readonly password?: string;
  /** Lower case; an IPv6 address without brackets; empty when the URI names none. */
  readonly host: string;
  readonly port?: number;
}

const BUCKET = /^[^\s@/\\?#%]+$/;
/** MLflow 3.18's rule for `wasbs:`: public, China and US-government clouds, no port. */
const WASBS =
  /^([^@/%\s]+)@([A-Za-z0-9]+)\.(blob\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))$/;
const ABFSS = /^([^@/%\s]+)@([A-Za-z0-9-]+)\.([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$/;
const R2 = /^([^@/%\s:]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)?\.r2\.cloudflarestorage\.com)$/;
const B2 = /^([^@/%\s:]+)@(s3\.([a-z0-9-]+)\.backblazeb2\.com)$/;
const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[^\s@:/\\?#%[\]]*)(?::(\d{1,5}))?$/;

interface Rule {
  readonly form: string;
  readonly accepts: (authority: string, afterSlash: boolean) => boolean;
}

function isBucket(authority: string): boolean {
  return BUCKET.test(authority) && authority !== '.' && authority !== '..';
}

const needsHost = (authority: string): boolean => (parseHostPort(authority)?.host ?? '') !== '';
const mayHaveHost = (authority: string): boolean => parseHostPort(authority) !== undefined;

/** MLflow refuses a bare number for a host: it is a port without one. */
function isArtifactsHost(authority: string): boolean {
  return authority === '' || (needsHost(authority) && !/^\d+$/.test(authority));
}

const RULES: Readonly<Record<Exclude<Scheme, 'file'>, Rule>> = {
  s3: { form: 's3://bucket/path', accepts: isBucket },
  gs: { form: 'gs://bucket/path', accepts: isBucket },
  r2: { form: 'r2://bucket@account.r2.cloudflarestorage.com/path', accepts: (a) => R2.test(a) },
  b2: { form: 'b2://bucket@s3.region.backblazeb2.com/path', accepts: (a) => B2.test(a) },
  wasbs: { form: 'wasbs://container@account.blob.core.windows.net/path', accepts: (a) => WASBS.test(a) },
  abfss: { form: 'abfss://filesystem@account.dfs.core.windows.net/path', accepts: (a) => ABFSS.test(a) },
  ftp: { form: 'ftp://user@host:21/path', accepts: (a, slash) => slash && mayHaveHost(a) },
  sftp: { form: 'sftp://user@host:22/path', accepts: (a, slash) => slash && mayHaveHost(a) },
  hdfs: { form: 'hdfs://host:8020/path', accepts: (a, slash) => slash && mayHaveHost(a) },
  viewfs: { form: 'viewfs://cluster/path', accepts: (a, slash) => slash && mayHaveHost(a) },
  http: { form: 'http://host:5000/path', accepts: needsHost },
  https: { form: 'https://host/path', accepts: needsHost },
  'mlflow-artifacts': { form: 'mlflow-artifacts:/path', accepts: isArtifactsHost },
  runs: { form: 'runs:/run_id/path', accepts: (a, slash) => slash && a === '' },
  models: { form: 'models:/name/version', accepts: (a, slash) => slash && a === '' },
};

/**
 * Refuses an authority that does not fit its scheme. `afterSlash`: whether anything after `scheme:` starts with a slash.
 * @throws Failure invalid
 */
export function checkAuthority(uri: string, scheme: Scheme, authority: string, afterSlash: boolean): void {
  if (scheme === 'file') return;
  const rule = RULES[scheme];
  if (rule.accepts(authority, afterSlash)) return;
  throw malformed(uri, `it does not have the form of a ${scheme} location`, `write ${rule.form}`);
}

function hasControl(text: string): boolean {
  return Array.from(text).some((c) => c < ' ' || c === '\x7f');
}

/** A decoded line break in a user name or password would be a command of its own to an FTP server. */
function parseUserinfo(userinfo: string): Pick<HostPort, 'user' | 'password'> | undefined {
  const colon = userinfo.indexOf(':');
  if (colon < 0) return hasControl(decodeOnce(userinfo)) ? undefined : { user: decodeOnce(userinfo) };
  const user = decodeOnce(userinfo.slice(0, colon));
  const password = decodeOnce(userinfo.slice(colon + 1));
  return hasControl(user + password) ? undefined : { user, password };
}

function parseHostPort(authority: string): HostPort | undefined {
  const at = authority.lastIndexOf('@');
  const match = HOST_PORT.exec(authority.slice(at + 1));
  const userinfo = at < 0 ? {} : parseUserinfo(authority.slice(0, at));
  if (!match || !userinfo) return undefined;
  const [host = '', port]: readonly (string | undefined)[] = match.slice(1);
  if (host === '.' || host === '..' || Number(port ?? 0) > 65_535) return undefined;
  return {
    ...userinfo,
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function mismatch(location: Location): Error {
  return malformed(
    location.redacted,
    'its authority has another form',
    'give the URI to parseLocation first',
  );
}

/** The bucket of an `s3:` or `gs:` location. */
export function s3Bucket(location: Location): string {
  return location.authority;
}

function azureParts(location: Location, form: RegExp): AzureParts {
  const [, container, account, suffix] = form.exec(location.authority) ?? [];
  if (container === undefined || account === undefined || suffix === undefined) throw mismatch(location);
  return { container, account, host: `${account}.${suffix}` };
}

/** Container, account and host of a `wasbs:` location. */
export function wasbsParts(location: Location): AzureParts {
  return azureParts(location, WASBS);
}

/** File system (as `container`), account and host of an `abfss:` location, in any cloud. */
export function abfssParts(location: Location): AzureParts {
  return azureParts(location, ABFSS);
}

function bucketParts(location: Location, form: RegExp): BucketParts {
  const [, bucket, host, region] = form.exec(location.authority) ?? [];
  if (bucket === undefined || host === undefined) throw mismatch(location);
  return { bucket, endpoint: `https://${host}`, ...(region === undefined ? {} : { region }) };
}

/** Bucket and endpoint of an `r2:` location. */
export function r2Parts(location: Location): BucketParts {
  return bucketParts(location, R2);
}

/** Bucket, endpoint and region of a `b2:` location. */
export function b2Parts(location: Location): BucketParts {
  return bucketParts(location, B2);
}

/** User, password, host and port of an ftp, sftp, hdfs, viewfs, http, https or mlflow-artifacts location. */
export function hostPort(location: Location): HostPort {
  const parsed = parseHostPort(location.authority);
  if (!parsed)
    throw malformed(formatLocation(location), 'its host has another form', 'write host or host:port');
  return parsed;
}
