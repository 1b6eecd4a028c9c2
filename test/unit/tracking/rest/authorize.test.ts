import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthorizer } from '../../../../src/tracking/rest/auth/authorize.ts';
import { parseCredentials } from '../../../../src/tracking/rest/auth/credentials-file.ts';
import type { AuthorizerOptions, RestCredentials } from '../../../../src/tracking/rest/options.ts';
import { parseTrackingAddress } from '../../../../src/tracking/rest/tracking-address.ts';
import { failureOf, fakeClock } from './server.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-auth-'));
  await writeFile(
    join(dir, 'credentials'),
    '# mine\n[other]\nmlflow_tracking_username = no\n[mlflow]\nMLFLOW_TRACKING_USERNAME = file\n' +
      'mlflow_tracking_password: a;b #c "d" 50%%\n',
  );
  await writeFile(join(dir, 'token'), 'pod-token\n');
  await writeFile(join(dir, 'namespace'), 'team-a\n');
});
afterAll(() => rm(dir, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const uri = 'https://mlflow.example/base';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

function headers(credentials: RestCredentials, more: Partial<AuthorizerOptions> = {}, to = uri) {
  const authorizer = createAuthorizer({ uri, credentials, ...more }, fakeClock());
  return authorizer.authorize('GET', new URL(to), {});
}

describe('who we are', () => {
  it.each<[string, RestCredentials, string, string | undefined]>([
    ['nothing', {}, uri, undefined],
    ['a name without password', { username: 'u' }, uri, undefined],
    ['Basic', { username: 'ü', password: 'p:w' }, uri, basic('ü:p:w')],
    ['a token', { token: 't' }, uri, 'Bearer t'],
    ['Basic before the token', { username: 'u', password: 'p', token: 't' }, uri, basic('u:p')],
    [
      'userinfo before everything',
      { username: 'u', password: 'p', token: 't' },
      'https://a%40b:c@mlflow.example',
      basic('a@b:c'),
    ],
    [
      'Kubernetes with a token',
      { auth: 'kubernetes', username: 'u', password: 'p', token: 't' },
      uri,
      'Bearer t',
    ],
  ])('%s', async (_, credentials, at, authorization) => {
    expect((await headers(credentials, { uri: at }))['authorization']).toBe(authorization);
  });

  it('the file fills what the variables leave open', async () => {
    const credentialsFile = join(dir, 'credentials');
    expect(await headers({ credentialsFile })).toEqual({ authorization: basic('file:a;b #c "d" 50%') });
    expect(await headers({ credentialsFile, password: 'own' })).toEqual({ authorization: basic('file:own') });
    expect(await headers({ credentialsFile: join(dir, 'absent'), token: 't' })).toEqual({
      authorization: 'Bearer t',
    });
    const failure = await failureOf(headers({ credentialsFile: dir }));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain(dir);
  });

  it('a file without the section says nothing', () => {
    expect(parseCredentials('mlflow_tracking_username = u\n[x]\nmlflow_tracking_password=p')).toEqual({});
    expect(parseCredentials('[mlflow]\nmlflow_tracking_username =\n; mlflow_tracking_password = p')).toEqual(
      {},
    );
  });

  it('a service account gives its token and, when asked, its namespace', async () => {
    const pod = { serviceAccountDir: dir, username: 'u', password: 'p' };
    expect(await headers({ ...pod, auth: 'kubernetes' })).toEqual({ authorization: 'Bearer pod-token' });
    expect(await headers({ ...pod, auth: 'kubernetes-namespaced' })).toEqual({
      authorization: 'Bearer pod-token',
      'x-mlflow-workspace': 'team-a',
    });
    const own = await headers({ ...pod, auth: 'kubernetes-namespaced' }, { workspace: 'mine' });
    expect(own['x-mlflow-workspace']).toBe('mine');
    const nowhere = { auth: 'kubernetes', serviceAccountDir: join(dir, 'absent') };
    expect((await failureOf(headers(nowhere))).kind).toBe('unsupported');
  });

  it('a Python plugin is refused', async () => {
    const failure = await failureOf((async () => headers({ auth: 'my-plugin' }))());
    expect(failure.kind).toBe('unsupported');
    expect(failure.message).toContain('my-plugin');
  });
});

describe('who may know', () => {
  const credentials = { token: 't' };
  const given = { authorization: 'Bearer t', 'x-mlflow-workspace': 'w' };

  it.each([
    ['https://mlflow.example/api', given],
    ['https://mlflow.example:443/other', given],
    ['http://mlflow.example/api', {}],
    ['https://mlflow.example:8443/api', {}],
    ['https://mlflow.example.evil.net/', {}],
    ['https://evil.net/https://mlflow.example/', {}],
    ['https://mlflow.example@evil.net/', {}],
    ['https://store.example:9000/', given],
    ['https://store.example/', {}],
    ['http://any-port.example:1234/', given],
  ])('%s gets %j', async (to, expected) => {
    const trustedHosts = ['store.example:9000', 'any-port.example'];
    expect(await headers(credentials, { workspace: 'w', trustedHosts }, to)).toEqual(expected);
  });

  it('is told by the authorizer', () => {
    const authorizer = createAuthorizer({ uri: 'http://h:5000', credentials, trustedHosts: ['a:1'] });
    expect(authorizer.hosts).toEqual(['h:5000', 'a:1']);
  });
});

describe('the tracking URI', () => {
  it('is shown without its password', () => {
    expect(parseTrackingAddress('https://u:p@h.example:8443/base/')).toMatchObject({
      base: 'https://h.example:8443/base',
      label: 'https://u:***@h.example:8443/base',
    });
    expect(parseTrackingAddress('http://h/').label).toBe('http://h');
    expect(parseTrackingAddress('http://100%25:a%@h/').userinfo).toEqual({
      username: '100%',
      password: 'a%',
    });
  });

  it.each(['', 'h:5000', 'databricks', 'ftp://h'])('%j is misconfigured', async (wrong) => {
    const failure = await failureOf((async () => parseTrackingAddress(wrong))());
    expect(failure.kind).toBe('misconfigured');
  });
});

describe('Signature Version 4', () => {
  const keys = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 'SESSION' };
  const at = 'https://abc.execute-api.eu-west-1.amazonaws.com';
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const hex = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  /** The signature as AWS documents it (docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html). */
  function expected(sent: Record<string, string>, query: string, payload: string): string {
    const names = /SignedHeaders=([^,]+)/.exec(sent['authorization'] ?? '')?.[1] ?? '';
    const lines = names.split(';').map((name) => `${name}:${sent[name] ?? ''}\n`);
    const canonical = ['POST', '/api/2.0/a%2520b', query, lines.join(''), names, payload].join('\n');
    const scope = '20260102/eu-west-1/execute-api/aws4_request';
    const text = ['AWS4-HMAC-SHA256', '20260102T030405Z', scope, hex(canonical)].join('\n');
    const key = scope.split('/').reduce<string | Buffer>((last, part) => hmac(last, part), 'AWS4SECRET');
    return hmac(key, text).toString('hex');
  }

  it.each([
    ['bytes', Buffer.from('{"a":1}'), hex('{"a":1}')],
    ['no body', undefined, hex('')],
    ['a stream', 'streamed' as const, 'UNSIGNED-PAYLOAD'],
  ])('covers %s, query and headers', async (_, body, payload) => {
    const authorizer = createAuthorizer(
      { uri: at, credentials: { sigV4: { keys }, username: 'u', password: 'p' }, workspace: 'w' },
      fakeClock(),
    );
    const own = { 'content-type': 'application/json' };
    const url = new URL(`${at}/api/2.0/a%20b?z=1&a=x%20y`);
    const added = await authorizer.authorize('POST', url, own, body);
    const sent = { ...own, ...added, host: url.host };
    expect(added).toMatchObject({ 'x-amz-security-token': 'SESSION', 'x-mlflow-workspace': 'w' });
    expect(added['authorization']).toContain('Credential=AKID/20260102/eu-west-1/execute-api/aws4_request');
    expect(added['authorization']).toContain('x-mlflow-workspace');
    const signature = /Signature=(\w+)/.exec(added['authorization'] ?? '')?.[1];
    expect(signature).toBe(expected(sent, 'a=x%20y&z=1', payload));
    expect(await authorizer.authorize('GET', new URL('https://evil.net/'), {})).toEqual({});
  });

  it('takes its keys from the chain of the AWS SDK, or says that there are none', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'absent'));
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'absent'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_PROFILE', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const failure = await failureOf(headers({ sigV4: { region: 'us-east-1' } }));
    expect(failure.kind).toBe('unauthenticated');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'FROMENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'SECRET');
    const signed = await headers({ sigV4: { region: 'us-east-1' } });
    expect(signed['authorization']).toContain('Credential=FROMENV/20260102/us-east-1/execute-api/');
  });

  it('needs a region', async () => {
    const failure = await failureOf(headers({ sigV4: { keys } }));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.facts.hint).toContain('AWS_DEFAULT_REGION');
  });
});
