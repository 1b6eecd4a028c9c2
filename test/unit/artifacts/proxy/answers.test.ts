import { afterEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { at, failureOf, io, json, openProxy, type Opened } from './open-proxy.ts';

let opened: Opened | undefined;
afterEach(async () => opened?.stop());

const NGINX = (status: string) => `<html>\n<head><title>${status}</title></head>\n<body>nginx</body></html>`;

interface Case {
  readonly status: number;
  readonly body: string;
  readonly kind: string;
  readonly retry: string;
  readonly hint: string;
}

const CASES: readonly Case[] = [
  { status: 413, body: NGINX('413'), kind: 'too-large', retry: 'never', hint: 'client_max_body_size 0;' },
  {
    status: 502,
    body: NGINX('502'),
    kind: 'unavailable',
    retry: 'later',
    hint: 'proxy_request_buffering off;',
  },
  { status: 504, body: NGINX('504'), kind: 'timeout', retry: 'later', hint: 'proxy_read_timeout 3600s;' },
  {
    status: 403,
    body: 'Invalid Host header - possible DNS rebinding attack detected',
    kind: 'denied',
    retry: 'never',
    hint: '--allowed-hosts 127.0.0.1:',
  },
  {
    status: 503,
    body: '{"detail":"Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."}',
    kind: 'unsupported',
    retry: 'never',
    hint: '--serve-artifacts',
  },
  {
    status: 503,
    body: 'Endpoint: /x disabled due to the mlflow server running with `--no-serve-artifacts`. To enable',
    kind: 'unsupported',
    retry: 'never',
    hint: '--serve-artifacts',
  },
  { status: 503, body: NGINX('503'), kind: 'unavailable', retry: 'later', hint: '' },
  { status: 401, body: 'no', kind: 'unauthenticated', retry: 'never', hint: 'MLFLOW_TRACKING_USERNAME' },
  { status: 404, body: NGINX('404'), kind: 'misconfigured', retry: 'never', hint: 'MLFLOW_TRACKING_URI' },
  {
    status: 404,
    body: '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"The bucket does not exist"}',
    kind: 'not-found',
    retry: 'never',
    hint: '',
  },
  {
    status: 403,
    body: '{"error_code":"PERMISSION_DENIED","message":"x","artifacts_presigned_only":true}',
    kind: 'unsupported',
    retry: 'never',
    hint: 'presigned',
  },
  { status: 429, body: '', kind: 'throttled', retry: 'later', hint: '' },
  { status: 507, body: '', kind: 'no-space', retry: 'never', hint: '' },
];

test.each(CASES)(
  '$status is $kind with a hint that names the setting',
  async ({ status, body, ...expected }) => {
    opened = await openProxy((_, response) => response.writeHead(status).end(body));
    const { store } = opened;
    const reading = await failureOf(store.list('', { recursive: false }, io)[Symbol.asyncIterator]().next());
    const writing = await failureOf(store.write(at('x'), bytesSource(Buffer.alloc(10)), {}, io));
    for (const failure of [reading, writing]) {
      expect([failure.kind, failure.retry]).toEqual([expected.kind, expected.retry]);
      expect(failure.facts.hint ?? '').toContain(expected.hint);
      expect(failure.facts.vendor?.status).toBe(status);
      expect(failure.message).toContain('mlflow-artifacts:/0/r');
      expect(failure.message).not.toContain('\n');
    }
  },
);

test('a host without credentials that asks for some names the flag that grants them', async () => {
  opened = await openProxy((_, response) => response.writeHead(401).end(), { trusted: false });
  const failure = await failureOf(opened.store.stat(at('x'), io));
  expect(failure.facts.hint).toContain(`--trust-artifact-host ${new URL(opened.url).host}`);
  expect(opened.requests[0]?.headers.authorization).toBeUndefined();
});

test('the wait that a server asks for is kept', async () => {
  opened = await openProxy((_, response) => response.writeHead(429, { 'retry-after': '7' }).end());
  expect((await failureOf(opened.store.stat(at('x'), io))).facts.retryAfterMs).toBe(7_000);
});

test('a write that is redirected is not sent elsewhere, and the new address is named', async () => {
  opened = await openProxy(({ url }, response) =>
    response.writeHead(301, { location: `https://new.example.com${url}` }).end(),
  );
  const failure = await failureOf(opened.store.write(at('x'), bytesSource(Buffer.from('x')), {}, io));
  expect([failure.kind, failure.facts.hint]).toEqual([
    'misconfigured',
    'set MLFLOW_TRACKING_URI to https://new.example.com',
  ]);
});

test('capabilities are asked once, below the path of the server', async () => {
  opened = await openProxy((_, response) =>
    json(response, 200, { multipart_uploads_enabled: true, multipart_downloads_enabled: false }),
  );
  const expected = { told: true, multipartUploads: true, multipartDownloads: false, presignedOnly: false };
  expect(await opened.store.capabilities(io)).toEqual(expected);
  expect(await opened.store.capabilities(io)).toEqual(expected);
  expect(opened.requests.map(({ url }) => url)).toEqual(['/api/3.0/mlflow/server-info']);
});

test('a server that does not tell its capabilities has none, and an unreadable answer is asked again', async () => {
  const answers = ['<html>', '{}'];
  opened = await openProxy((_, response) => response.end(answers.shift()));
  expect(await opened.store.capabilities(io)).toMatchObject({ told: false, multipartUploads: false });
  expect(await opened.store.capabilities(io)).toMatchObject({ told: true, multipartUploads: false });
  await opened.stop();
  opened = await openProxy((_, response) => response.writeHead(404).end());
  expect(await opened.store.capabilities(io)).toMatchObject({ told: false });
  await opened.store.capabilities(io);
  expect(opened.requests).toHaveLength(1);
});

test('a store that lists nothing at its own root proves nothing by absence', async () => {
  const listings = [{}, { files: [{ path: '0', is_dir: true }] }];
  opened = await openProxy((_, response) => json(response, 200, listings.shift()));
  expect(await opened.store.facts(io)).toEqual({ anchor: 'absent' });
  expect(await opened.store.facts(io)).toEqual({ anchor: 'present' });
});
