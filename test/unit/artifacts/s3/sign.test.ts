import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeKey, encodeQuery } from '../../../../src/artifacts/stores/s3/encode.ts';
import { authorization, EMPTY_SHA256, signedHeaders } from '../../../../src/artifacts/stores/s3/sign.ts';

const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const now = Date.UTC(2013, 4, 24);
const scope = { region: 'us-east-1', now };
const HOST = 'https://examplebucket.s3.amazonaws.com';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const signatureOf = (value: string | undefined): string =>
  /Signature=([0-9a-f]+)$/.exec(value ?? '')?.[1] ?? '';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
describe("Amazon S3's published examples", () => {
  test.each([
    {
      name: 'GET object with a range',
      request: {
        method: 'GET',
        url: new URL(`${HOST}/test.txt`),
        headers: { range: 'bytes=0-9' },
        payloadHash: EMPTY_SHA256,
      },
      signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    },
    {
      name: 'PUT object',
      request: {
        method: 'PUT',
        url: new URL(`${HOST}/${encodeKey('test$file.text')}`),
        headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        payloadHash: sha256('Welcome to Amazon S3.'),
      },
      signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    },
    {
      name: 'GET bucket lifecycle',
      request: { method: 'GET', url: new URL(`${HOST}/?lifecycle`), headers: {}, payloadHash: EMPTY_SHA256 },
      signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    },
    {
      name: 'list objects',
      request: {
        method: 'GET',
        url: new URL(`${HOST}/?max-keys=2&prefix=J`),
        headers: {},
        payloadHash: EMPTY_SHA256,
      },
      signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    },
  ])('$name', ({ request, signature }) => {
    expect(signatureOf(signedHeaders(request, keys, scope)['authorization'])).toBe(signature);
  });
});

test("get-vanilla of AWS's Signature Version 4 test suite", () => {
  const request = {
    method: 'GET',
    url: new URL('https://example.amazonaws.com/'),
    headers: { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' },
    payloadHash: EMPTY_SHA256,
  };
  const suite = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const at = { region: 'us-east-1', service: 'service', now: Date.UTC(2015, 7, 30, 12, 36) };
  expect(authorization(request, suite, at)).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=host;x-amz-date, ' +
      'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  );
});

// The SDK's signer loses a parameter of this name.
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text !== '__proto__');

test("any key, query and header is signed as the SDK's own signer does", async () => {
  const signer = new SignatureV4({
    service: 's3',
    region: scope.region,
    credentials: { ...keys, sessionToken: 'a token' },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const name = segment.filter((text) => !/^\.{1,2}$/.test(text));
  await fc.assert(
    fc.asyncProperty(
      fc.array(name, { minLength: 1, maxLength: 4 }),
      fc.dictionary(segment, segment, { noNullPrototype: true }),
      fc.stringMatching(/^[!-~]( ?[!-~]){0,20}$/),
      async (segments, query, metadata) => {
        const path = `/bucket/${encodeKey(segments.join('/'))}`;
        const headers = { 'x-amz-meta-name': metadata };
        const url = new URL(`${HOST}${path}?${encodeQuery(query)}`);
        const theirs = await signer.sign(
          {
            method: 'GET',
            protocol: 'https:',
            hostname: url.hostname,
            path,
            query,
            headers: { ...headers, host: url.host, 'x-amz-content-sha256': EMPTY_SHA256 },
          },
          { signingDate: new Date(now) },
        );
        const request = { method: 'GET', url, headers, payloadHash: EMPTY_SHA256 };
        const ours = signedHeaders(request, { ...keys, sessionToken: 'a token' }, scope);
        expect(url.pathname).toBe(path);
        expect(ours['authorization']).toBe(theirs.headers['authorization']);
      },
    ),
  );
});

test('anonymous requests carry no trace of a signature', () => {
  const request = {
    method: 'GET',
    url: new URL(`${HOST}/x`),
    headers: { range: 'bytes=0-1' },
    payloadHash: EMPTY_SHA256,
  };
  expect(signedHeaders(request, undefined, scope)).toEqual({
    range: 'bytes=0-1',
    host: 'examplebucket.s3.amazonaws.com',
  });
});
