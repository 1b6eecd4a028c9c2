import type { Config } from '../../config/resolve.ts';
import type { Origin } from '../../config/origin.ts';
import { variableNames } from '../../config/setting.ts';
import { declarationOf } from '../../config/settings/index.ts';
import { given } from './given.ts';

/** The S3 endpoint as somebody wrote it, well-formed or not. */
export interface EndpointText {
  readonly text: string;
  readonly origin: Origin;
}

/** The endpoint in force, also one that cannot be read; undefined when none is set. */
export function endpointText(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): EndpointText | undefined {
  const well = given(config, 's3.endpointUrl');
  if (well) return { text: well.value, origin: well.origin };
  const name = variableNames(declarationOf('s3.endpointUrl')).find((each) => (env[each] ?? '') !== '');
  return name === undefined ? undefined : { text: env[name] ?? '', origin: { from: 'environment', name } };
}

/** What an endpoint names beside a server. */
export interface Extra {
  /** The endpoint without it; absent at Amazon, which needs none. */
  readonly bare?: string;
  readonly bucket: string;
  readonly key: string;
  /** Whether the first part may be a prefix of the API instead of a bucket. */
  readonly doubtful: boolean;
}

const AMAZON = /^(?:(?<bucket>.+)\.)?s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/;
/** Endpoints of other vendors that hold the bucket in the host name when it is copied from their console. */
const VENDOR =
  /^(?<bucket>[^.]+)\.(?<host>[a-z0-9-]+\.(?:digitaloceanspaces\.com|linodeobjects\.com|r2\.cloudflarestorage\.com|vultrobjects\.com)|s3\.[a-z0-9-]+\.(?:backblazeb2|wasabisys)\.com)$/;

function segments(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function inHostName(url: URL): Extra | undefined {
  const vendor = VENDOR.exec(url.hostname)?.groups;
  const bucket = AMAZON.exec(url.hostname)?.groups?.['bucket'] ?? vendor?.['bucket'];
  if (bucket === undefined) return undefined;
  const bare = vendor ? { bare: `${url.protocol}//${vendor['host'] ?? ''}` } : {};
  return { ...bare, bucket, key: segments(url.pathname).join('/'), doubtful: false };
}

function inPath(url: URL): Extra | undefined {
  const [bucket, ...key] = segments(url.pathname);
  // Some gateways keep their API below a path of that name.
  if (bucket === undefined || [bucket, ...key].at(-1) === 's3') return undefined;
  const amazon = AMAZON.test(url.hostname);
  return { ...(amazon ? {} : { bare: url.origin }), bucket, key: key.join('/'), doubtful: !amazon };
}

/** The bucket and key that an endpoint holds by mistake; undefined when it names a server and nothing else, or is no URL. */
export function extraIn(text: string): Extra | undefined {
  const s3 = /^s3a?:\/\/([^/]*)(.*)$/i.exec(text);
  if (s3) return { bucket: s3[1] ?? '', key: segments(s3[2] ?? '').join('/'), doubtful: false };
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return inHostName(url) ?? inPath(url);
}

/** Where artifacts would be looked for: the endpoint with the bucket and key once more. */
export function wrongPath(text: string, { bucket, key }: Extra): string {
  return [text.replace(/\/+$/, ''), bucket, ...(key === '' ? [] : [key])].join('/');
}
