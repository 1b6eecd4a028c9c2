import { hostPort } from './authorities.ts';
import type { Location, Scheme } from './location.ts';

const DEFAULT_PORTS: Readonly<Partial<Record<Scheme, number>>> = { ftp: 21, sftp: 22, http: 80, https: 443 };
const BY_BUCKET: ReadonlySet<Scheme> = new Set(['s3', 'gs', 'runs', 'models', 'file'] as const);
const BY_ACCOUNT: ReadonlySet<Scheme> = new Set(['wasbs', 'abfss', 'r2', 'b2'] as const);

/** Who is meant: hosts without regard to case, the default port filled in, the password left out. */
function backendOf(location: Location): string {
  const { scheme, authority } = location;
  if (BY_BUCKET.has(scheme)) return authority;
  if (BY_ACCOUNT.has(scheme)) {
    const at = authority.lastIndexOf('@');
    return authority.slice(0, at) + authority.slice(at).toLowerCase();
  }
  const { user = '', host, port = DEFAULT_PORTS[scheme] ?? '' } = hostPort(location);
  return `${user}@${host}:${port}`;
}

/**
 * Whether a location is another one or lies below it, by whole segments, never by a prefix of the text: `s3://b/ab` is
 * not below `s3://b/a`. Purely textual: links are not followed, a relative path is not below an absolute one.
 */
export function isBelow(child: Location, parent: Location): boolean {
  if (child.scheme !== parent.scheme || backendOf(child) !== backendOf(parent)) return false;
  if (child.path === parent.path || parent.path === '') return true;
  if (parent.scheme === 'file' && parent.path === '.') return !/^(?:\/|[A-Za-z]:\/)/.test(child.path);
  return child.path.startsWith(parent.path.endsWith('/') ? parent.path : `${parent.path}/`);
}
