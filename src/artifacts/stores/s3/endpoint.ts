import { isIP } from 'node:net';
import { Failure } from '../../../core/failure.ts';
import type { Location } from '../../../core/location.ts';
import { encodeKey, encodeQuery, encodeStrictly } from './encode.ts';

export type AddressingStyle = 'auto' | 'path' | 'virtual';

/** Where a bucket lives and how it is addressed. */
export interface Site {
  readonly bucket: string;
  /** The endpoint that was told; absent at Amazon, where the region makes the host. */
  readonly endpoint?: URL;
  /** The region to try first. */
  readonly region: string;
  readonly style: AddressingStyle;
}

/** What the user set about the endpoint. */
export interface EndpointOptions {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly addressingStyle: AddressingStyle;
}

const DEFAULT_REGION = 'us-east-1';
const PLAIN_AWS = /^s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/;
const HOST_LABEL = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const HOST_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

function badEndpoint(text: string, reason: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `the S3 endpoint ${JSON.stringify(text)} ${reason}`,
    subject: text,
    hint: 'set MLFLOW_S3_ENDPOINT_URL to http(s)://host[:port], without the bucket',
    settings: ['s3.endpointUrl'],
  });
}

function parseEndpoint(text: string): URL {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw badEndpoint(text, 'is not an http(s) URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw badEndpoint(url.host, 'must not hold a name or password');
  if (url.search !== '' || url.hash !== '') throw badEndpoint(text, 'must not hold a query');
  return url;
}

function badLocation(location: Location, message: string, hint: string): Failure {
  return new Failure({ kind: 'misconfigured', message, subject: location.redacted, hint });
}

function split(location: Location): { readonly bucket: string; readonly host: string } {
  const at = location.authority.lastIndexOf('@');
  const bucket = location.authority.slice(0, Math.max(0, at));
  const host = location.authority.slice(at + 1);
  if (bucket !== '' && !bucket.includes('@')) return { bucket, host };
  const shape =
    location.scheme === 'r2' ? '<account>.r2.cloudflarestorage.com' : 's3.<region>.backblazeb2.com';
  throw badLocation(
    location,
    `${location.redacted} names no bucket`,
    `write it as ${location.scheme}://<bucket>@${shape}/<path>`,
  );
}

function r2Site(location: Location): Site {
  const { bucket, host } = split(location);
  if (!/^[a-z0-9.-]+\.r2\.cloudflarestorage\.com$/.test(host)) {
    const hint = 'write it as r2://<bucket>@<account>.r2.cloudflarestorage.com/<path>';
    throw badLocation(location, `${location.redacted} is not at Cloudflare R2`, hint);
  }
  return { bucket, endpoint: new URL(`https://${host}`), region: 'auto', style: 'virtual' };
}

function b2Site(location: Location): Site {
  const { bucket, host } = split(location);
  const region = /^s3\.([a-z0-9-]+)\.backblazeb2\.com$/.exec(host)?.[1];
  if (region === undefined) {
    const hint = 'write it as b2://<bucket>@s3.<region>.backblazeb2.com/<path>';
    throw badLocation(location, `${location.redacted} is not at Backblaze B2`, hint);
  }
  return { bucket, endpoint: new URL(`https://${host}`), region, style: 'path' };
}

function s3Site(location: Location, options: EndpointOptions): Site {
  const bucket = location.authority;
  if (bucket === '') {
    const message = `${location.redacted} names no bucket`;
    throw badLocation(location, message, 'write it as s3://<bucket>/<path>');
  }
  const style = options.addressingStyle;
  if (options.endpointUrl === undefined) return { bucket, region: options.region ?? DEFAULT_REGION, style };
  const endpoint = parseEndpoint(options.endpointUrl);
  const plain =
    endpoint.protocol === 'https:' && endpoint.port === '' ? PLAIN_AWS.exec(endpoint.hostname) : null;
  const region = options.region ?? plain?.[1] ?? DEFAULT_REGION;
  return plain ? { bucket, region, style } : { bucket, endpoint, region, style };
}

/**
 * Where a location's bucket lives. `r2:` and `b2:` name their host themselves, as MLflow has it
 * (mlflow/store/artifact/{r2,b2}_artifact_repo.py); hosts of others are refused, since credentials go there.
 * @throws Failure misconfigured
 */
export function siteOf(location: Location, options: EndpointOptions): Site {
  if (location.scheme === 'r2') return r2Site(location);
  if (location.scheme === 'b2') return b2Site(location);
  return s3Site(location, options);
}

/** Whether a site is Amazon's own S3. */
export function isAmazon(site: Site): boolean {
  return site.endpoint === undefined;
}

function baseOf(site: Site, region: string): URL {
  if (site.endpoint) return site.endpoint;
  return new URL(`https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`);
}

/** A certificate for `*.host` covers one label, so a bucket with dots goes into the path over TLS. */
function inHost(site: Site, base: URL): boolean {
  if (site.style === 'path' || isIP(base.hostname.replace(/^\[|\]$/g, '')) !== 0) return false;
  if (site.style === 'auto' && !isAmazon(site)) return false;
  return (base.protocol === 'https:' ? HOST_LABEL : HOST_NAME).test(site.bucket);
}

/** Where a bucket's URLs begin. */
interface Beginning {
  readonly region: string;
  readonly virtual: boolean;
  readonly text: string;
}

function beginningOf(site: Site, region: string): Beginning {
  const base = baseOf(site, region);
  const prefix = base.pathname.replace(/\/$/, '');
  const virtual = inHost(site, base);
  const host = virtual ? `${site.bucket}.${base.host}` : base.host;
  const bucket = virtual ? '' : `/${encodeStrictly(site.bucket)}`;
  return { region, virtual, text: `${base.protocol}//${host}${prefix}${bucket}` };
}

const kept = new WeakMap<Site, Beginning>();

/** The URL of a bucket, or of an object when `key` is given; encoded exactly once. */
export function urlOf(
  site: Site,
  region: string,
  key: string | undefined,
  query?: Readonly<Record<string, string>>,
): URL {
  let beginning = kept.get(site);
  if (beginning?.region !== region) {
    beginning = beginningOf(site, region);
    kept.set(site, beginning);
  }
  const { virtual, text } = beginning;
  const rest = key === undefined ? (virtual ? '/' : '') : `/${encodeKey(key)}`;
  const search = query ? encodeQuery(query) : '';
  return new URL(search === '' ? `${text}${rest}` : `${text}${rest}?${search}`);
}
