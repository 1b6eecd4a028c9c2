import { decodeOnce } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { abfssParts, wasbsParts, type Location } from '../../../core/location.ts';

/** Where a location's container is. */
export interface Site {
  readonly scheme: 'wasbs' | 'abfss';
  readonly account: string;
  readonly container: string;
  /** The account's Blob endpoint, which Data Lake accounts have as well. */
  readonly endpoint: URL;
  /** Name of the root blob without a slash at the end; '' for the whole container. */
  readonly prefix: string;
}

function unreachable(location: Location): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} names a host without a "dfs" label, so its Blob endpoint is unknown`,
    subject: location.redacted,
    hint: 'write abfss://filesystem@account.dfs.core.windows.net/path, or set azure.blobEndpoint',
    settings: ['azure.blobEndpoint'],
  });
}

/** The Blob host of a Data Lake host: https://learn.microsoft.com/azure/storage/common/storage-account-overview */
function blobHost(location: Location, host: string): string {
  const [account = '', label = '', ...rest] = host.split('.');
  if (label === 'blob') return host;
  if (label !== 'dfs') throw unreachable(location);
  return [account, 'blob', ...rest].join('.');
}

/** The path up to a `?` or `#`; MLflow percent-decodes it for abfss and not for wasbs. */
function prefixOf(location: Location): string {
  const written = location.path.replace(/[?#].*$/s, '');
  const text = location.scheme === 'abfss' ? decodeOnce(written).replace(/^\/+/, '') : written;
  const prefix = text.replace(/\/+$/, '');
  if (!prefix.split('/').some((segment) => segment === '.' || segment === '..')) return prefix;
  throw new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} has a "." or ".." segment, which a blob cannot be asked for by`,
    subject: location.redacted,
    hint: 'name the root without it',
  });
}

/**
 * The site of a `wasbs:` or `abfss:` location; `override` is the endpoint of every account.
 * @throws Failure misconfigured
 */
export function siteOf(location: Location, override: URL | undefined): Site {
  const scheme = location.scheme === 'abfss' ? 'abfss' : 'wasbs';
  const { account, container, host } = scheme === 'abfss' ? abfssParts(location) : wasbsParts(location);
  const endpoint = override ?? new URL(`https://${scheme === 'abfss' ? blobHost(location, host) : host}`);
  return { scheme, account, container, endpoint, prefix: prefixOf(location) };
}
