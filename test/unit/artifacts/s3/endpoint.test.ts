import { expect, test } from 'vitest';
import { siteOf, urlOf, type EndpointOptions } from '../../../../src/artifacts/stores/s3/endpoint.ts';
import { prefixOf } from '../../../../src/artifacts/stores/s3/root.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Location, Scheme } from '../../../../src/core/location.ts';

function location(scheme: Scheme, authority: string, path = ''): Location {
  return { scheme, authority, path, redacted: `${scheme}://${authority}/${path}` };
}

function url(
  at: Location,
  options: Partial<EndpointOptions> = {},
  key: string | undefined = 'a/b c+d',
): string {
  const site = siteOf(at, { addressingStyle: 'auto', ...options });
  return urlOf(site, site.region, key, {}).href;
}

const s3 = (bucket: string): Location => location('s3', bucket);

test.each<[string, string, Partial<EndpointOptions>]>([
  ['https://bkt.s3.us-east-1.amazonaws.com/a/b%20c%2Bd', 'bkt', {}],
  ['https://bkt.s3.eu-west-3.amazonaws.com/a/b%20c%2Bd', 'bkt', { region: 'eu-west-3' }],
  ['https://bkt.s3.cn-north-1.amazonaws.com.cn/a/b%20c%2Bd', 'bkt', { region: 'cn-north-1' }],
  ['https://s3.us-east-1.amazonaws.com/dotted.bucket/a/b%20c%2Bd', 'dotted.bucket', {}],
  [
    'https://s3.us-east-1.amazonaws.com/dotted.bucket/a/b%20c%2Bd',
    'dotted.bucket',
    { addressingStyle: 'virtual' },
  ],
  ['https://s3.us-east-1.amazonaws.com/Old_Bucket/a/b%20c%2Bd', 'Old_Bucket', {}],
  ['https://s3.us-east-1.amazonaws.com/bkt/a/b%20c%2Bd', 'bkt', { addressingStyle: 'path' }],
  [
    'https://bkt.s3.eu-west-1.amazonaws.com/a/b%20c%2Bd',
    'bkt',
    { endpointUrl: 'https://s3.eu-west-1.amazonaws.com' },
  ],
  ['http://minio:9000/bkt/a/b%20c%2Bd', 'bkt', { endpointUrl: 'http://minio:9000' }],
  ['http://minio:9000/bkt/a/b%20c%2Bd', 'bkt', { endpointUrl: 'http://minio:9000/' }],
  ['https://gate/s3/bkt/a/b%20c%2Bd', 'bkt', { endpointUrl: 'https://gate/s3' }],
  ['https://bkt.minio/a/b%20c%2Bd', 'bkt', { endpointUrl: 'https://minio', addressingStyle: 'virtual' }],
  ['http://d.b.minio/a/b%20c%2Bd', 'd.b', { endpointUrl: 'http://minio', addressingStyle: 'virtual' }],
  [
    'http://10.0.0.1:9000/bkt/a/b%20c%2Bd',
    'bkt',
    { endpointUrl: 'http://10.0.0.1:9000', addressingStyle: 'virtual' },
  ],
  [
    'http://[::1]:9000/bkt/a/b%20c%2Bd',
    'bkt',
    { endpointUrl: 'http://[::1]:9000', addressingStyle: 'virtual' },
  ],
])('%s', (expected, bucket, options) => {
  expect(url(s3(bucket), options)).toBe(expected);
});

test('the bucket itself, with a query', () => {
  const at = siteOf(s3('bkt'), { addressingStyle: 'auto' });
  expect(urlOf(at, 'us-east-1', undefined, { prefix: "it's/", delimiter: '/' }).href).toBe(
    'https://bkt.s3.us-east-1.amazonaws.com/?delimiter=%2F&prefix=it%27s%2F',
  );
  expect(url(s3('bkt'), { addressingStyle: 'path' }, undefined)).toContain('/bkt/a');
});

test('r2 and b2 name their host themselves, whatever the endpoint is set to', () => {
  const options = { endpointUrl: 'http://minio:9000' };
  expect(url(location('r2', 'bkt@acc.r2.cloudflarestorage.com'), options)).toBe(
    'https://bkt.acc.r2.cloudflarestorage.com/a/b%20c%2Bd',
  );
  const b2 = location('b2', 'bkt@s3.us-west-004.backblazeb2.com');
  expect(url(b2, options)).toBe('https://s3.us-west-004.backblazeb2.com/bkt/a/b%20c%2Bd');
  expect(siteOf(b2, { addressingStyle: 'auto' }).region).toBe('us-west-004');
});

test.each([
  ['r2 elsewhere', location('r2', 'bkt@evil.example.com'), {}],
  ['r2 behind a look-alike', location('r2', 'bkt@r2.cloudflarestorage.com.evil.org'), {}],
  ['b2 elsewhere', location('b2', 'bkt@s3.us.backblazeb2.com.evil.org'), {}],
  ['r2 without a bucket', location('r2', 'acc.r2.cloudflarestorage.com'), {}],
  ['s3 without a bucket', s3(''), {}],
  ['an s3: endpoint', s3('bkt'), { endpointUrl: 's3://bkt' }],
  ['an endpoint without a scheme', s3('bkt'), { endpointUrl: 'minio:9000' }],
  ['an endpoint with a password', s3('bkt'), { endpointUrl: 'http://me:secret@minio' }],
  ['an endpoint with a query', s3('bkt'), { endpointUrl: 'http://minio/?x=1' }],
])('%s is refused', (_, at, options) => {
  let thrown: unknown;
  try {
    url(at, options);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Failure);
  expect((thrown as Failure).kind).toBe('misconfigured');
  expect(JSON.stringify((thrown as Failure).facts)).not.toContain('secret');
});

test('the root ends where a query or fragment begins, as MLflow reads it; dots are refused', () => {
  expect(prefixOf(location('s3', 'b', 'p/q?x=1'))).toBe('p/q');
  expect(prefixOf(location('s3', 'b', 'p#f'))).toBe('p');
  expect(prefixOf(location('s3', 'b', 'p%20q//r'))).toBe('p%20q//r');
  expect(prefixOf(location('s3', 'b'))).toBe('');
  expect(() => prefixOf(location('s3', 'b', 'p/../q'))).toThrow(Failure);
});
