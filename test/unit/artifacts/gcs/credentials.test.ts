import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectGcs } from '../../../../src/artifacts/stores/gcs/backend.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { gcsStoreAt } from '../../../testbeds/fake-gcs.ts';
import { startListener, type Listener } from '../../../testbeds/listener.ts';
import { at, io, refuse, resourceOf } from './play-session.ts';

let dir = '';
let tokens: Listener;
let service: Listener;
/** What the token service answers. */
let tokenStatus = 200;
let accepted = 'token-1';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-gcs-'));
});
beforeEach(async () => {
  tokenStatus = 200;
  accepted = 'token-1';
  let given = 0;
  tokens = await startListener((_, response) => {
    given += 1;
    const body = { access_token: `token-${given}`, expires_in: 3600, token_type: 'Bearer' };
    response.writeHead(tokenStatus, { 'content-type': 'application/json' });
    response.end(JSON.stringify(tokenStatus === 200 ? body : { error: 'invalid_grant' }));
  });
  service = await startListener(({ headers }, response) => {
    if (headers.authorization === `Bearer ${accepted}`) response.end(resourceOf(Buffer.from('x')));
    else refuse(response, 401, 'authError');
  });
});
afterEach(async () => Promise.all([tokens.stop(), service.stop()]));
afterAll(async () => rm(dir, { recursive: true }));

/** A workload identity whose tokens come from our listener: that of a service account is always asked at Google. */
async function keyFile(): Promise<string> {
  const file = join(dir, 'key.json');
  const subject = join(dir, 'subject');
  await writeFile(subject, 'subject-token');
  const key = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${tokens.url}/token`,
    credential_source: { file: subject },
  };
  await writeFile(file, JSON.stringify(key));
  return file;
}

async function storeWith(credentialsFile: string) {
  return gcsStoreAt(service.url, 'bucket', '', { anonymous: false, credentialsFile });
}

describe('a workload identity', () => {
  test('signs in once, through the client of @google-cloud/storage, and its token goes along', async () => {
    const store = await storeWith(await keyFile());
    expect((await store.stat(at('file'), io))?.size).toBe(1);
    expect((await store.stat(at('file'), io))?.size).toBe(1);
    expect(tokens.requests.map(({ url }) => url)).toEqual(['/token']);
    expect(service.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
    ]);
  });

  test('whose token is refused gets another one, once', async () => {
    accepted = 'token-2';
    const store = await storeWith(await keyFile());
    expect((await store.stat(at('file'), io))?.size).toBe(1);
    accepted = 'none';
    const failure = await failureOf(store.stat(at('file'), io));
    expect(failure.kind).toBe('unauthenticated');
    expect(JSON.stringify(failure.facts)).not.toContain('token-');
  });

  test('that is refused itself is unauthenticated; a broken token service is temporary', async () => {
    tokenStatus = 400;
    const refused = await failureOf((await storeWith(await keyFile())).stat(at('file'), io));
    expect(refused.facts).toMatchObject({ kind: 'unauthenticated', vendor: { status: 400 } });
    expect(service.requests).toEqual([]);
    tokenStatus = 503;
    const broken = await failureOf((await storeWith(await keyFile())).stat(at('file'), io));
    expect(broken.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
  });

  test('is waited for no longer than asked', async () => {
    const stop = new AbortController();
    const store = await storeWith(await keyFile());
    const asking = failureOf(store.stat(at('file'), { signal: stop.signal }));
    stop.abort();
    expect((await asking).kind).toBe('cancelled');
  });
});

test.each([
  ['is missing', undefined],
  ['is no JSON', 'not json'],
  ['is no key', '{"type":"nothing"}'],
])('a key file that %s is a setting to mend', async (_, text) => {
  const file = join(dir, 'broken.json');
  await rm(file, { force: true });
  if (text !== undefined) await writeFile(file, text);
  const failure = await failureOf((await storeWith(file)).stat(at('file'), io));
  expect(failure.facts).toMatchObject({ kind: 'misconfigured', settings: ['gcs.credentialsFile'] });
  expect(failure.message).toContain(file);
});

test('without credentials nothing is sent, unless anonymity was asked for', async () => {
  const before = { ...process.env };
  Object.assign(process.env, { HOME: dir, APPDATA: dir, METADATA_SERVER_DETECTION: 'none' });
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  try {
    const store = await gcsStoreAt(service.url, 'bucket', '', { anonymous: false });
    const failure = await failureOf(store.stat(at('file'), io));
    expect(failure.kind).toBe('unauthenticated');
    expect(failure.facts.hint).toContain('MLSTOW_GCS_ANONYMOUS=true');
    expect(service.requests).toEqual([]);
  } finally {
    process.env = before;
  }
  const anonymous = await gcsStoreAt(service.url, 'bucket');
  const refused = await failureOf(anonymous.stat(at('file'), io));
  expect(refused.facts).toMatchObject({
    kind: 'unauthenticated',
    hint: expect.stringContaining('gcs.anonymous') as unknown,
  });
  expect(service.requests[0]?.headers).not.toHaveProperty('authorization');
});

test.each([
  ['http://gcs.example.com', 'unprotected'],
  ['https://me:secret@gcs.example.com', 'name, password or query'],
])('credentials never go to %s', async (apiEndpoint, reason) => {
  const net = createNet({ verifyTls: true, connectMs: 1_000, maxSockets: 1 });
  const sizes = { uploadChunkSize: 262_144, downloadChunkSize: 262_144, maxSockets: 1 };
  const failure = await failureOf(connectGcs({ apiEndpoint, anonymous: false, net, ...sizes }));
  expect([failure.kind, failure.message]).toEqual(['misconfigured', expect.stringContaining(reason)]);
  expect(failure.message).not.toContain('secret');
});

test('a redirect is refused and never followed', async () => {
  const front = await startListener((_, response) =>
    response.writeHead(307, { location: `${service.url}/elsewhere` }).end(),
  );
  const store = await gcsStoreAt(front.url, 'bucket', '', {
    anonymous: false,
    credentialsFile: await keyFile(),
  });
  const failure = await failureOf(store.stat(at('file'), io));
  expect(failure.facts).toMatchObject({ kind: 'misconfigured', settings: ['gcs.apiEndpoint'] });
  expect(service.requests).toEqual([]);
  await front.stop();
});
