import { createHmac, hash } from 'node:crypto';

/** An AWS access key. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request to sign: the URL's path and query are encoded already, header names are lower case. */
export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

/** What a signature is for. */
export interface Scope {
  readonly region: string;
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The SHA-256 of nothing, hex. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function amzDate(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function canonicalQuery(search: string): string {
  if (search.length < 2) return '';
  return search
    .slice(1)
    .split('&')
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name, value] as const;
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

let kept: { readonly of: string; readonly key: Buffer } | undefined;

/** The signing key lives for a day, a secret and a region; deriving it costs more than all the rest. */
function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  const of = `${secret} ${day} ${region} ${service}`;
  if (kept?.of !== of) {
    const steps = [region, service, 'aws4_request'];
    kept = {
      of,
      key: steps.reduce(hmac as (key: Buffer, text: string) => Buffer, hmac(`AWS4${secret}`, day)),
    };
  }
  return kept.key;
}

/**
 * The Authorization value of Signature Version 4 over the method, path, query and all `headers`, which must hold `host`
 * and `x-amz-date`. S3's rules: the path is encoded once and not normalised.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function authorization(request: Signable, keys: AwsKeys, scope: Scope): string {
  const date = request.headers['x-amz-date'] ?? amzDate(scope.now);
  const day = date.slice(0, 8);
  const { method, url, headers, payloadHash } = request;
  const all = Object.entries(headers).sort(([a], [b]) => compare(a, b));
  const signed = all.map(([name]) => name).join(';');
  let lines = '';
  for (const [name, value] of all) lines += `${name}:${value.trim().replace(/ +/g, ' ')}\n`;
  const query = canonicalQuery(url.search);
  const canonical = `${method}\n${url.pathname}\n${query}\n${lines}\n${signed}\n${payloadHash}`;
  const place = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${place}\n${hash('sha256', canonical)}`;
  const key = signingKey(keys.secretAccessKey, day, scope.region, scope.service);
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${place}, SignedHeaders=${signed}, Signature=${signature}`;
}

/** The headers of an S3 request, signed; without keys they are as they were (anonymous). */
export function signedHeaders(
  request: Signable,
  keys: AwsKeys | undefined,
  scope: Omit<Scope, 'service'> & { readonly service?: string },
): Record<string, string> {
  const { method, url, payloadHash } = request;
  // V8 is ten times slower with an object literal that has names of its own behind those of others.
  const headers: Record<string, string> = Object.assign({}, request.headers);
  headers['host'] = url.host;
  if (keys === undefined) return headers;
  headers['x-amz-content-sha256'] = payloadHash;
  headers['x-amz-date'] = amzDate(scope.now);
  if (keys.sessionToken) headers['x-amz-security-token'] = keys.sessionToken;
  const { region, service = 's3', now } = scope;
  const signable = { method, url, headers, payloadHash };
  headers['authorization'] = authorization(signable, keys, { region, service, now });
  return headers;
}
