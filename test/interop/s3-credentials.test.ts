import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../testbeds/bed.ts';
import { startListener } from '../testbeds/listener.ts';
import type { Finished } from '../testbeds/run-command.ts';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';
import { startOpenIdIssuer, type OpenIdIssuer } from '../testbeds/s3-openid.ts';
import { assumeRole } from '../testbeds/s3-role.ts';
import { startProxy } from '../unit/net/loopback.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';

type Env = Readonly<Record<string, string>>;

const BUCKET = 'identities';
const ROLE = 'arn:aws:iam::123456789012:role/trainer';
const EVERYTHING = [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] }] as const;

let cwd: string;
let minio: S3Bed;
let secure: S3Bed;
let issuer: OpenIdIssuer;
let runId: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-s3-credentials-'));
  issuer = await startOpenIdIssuer();
  [minio, secure] = await Promise.all([startMinio({ openId: issuer.provider }), startMinio({ tls: true })]);
  await minio.createVersionedBucket(BUCKET);
  await secure.createBucket(BUCKET);
  const place = { cwd, env: {} };
  const location = `s3://${BUCKET}/root`;
  const experiment = await askMlstow(['experiments', 'create', '-n', 'e', '-l', location], place);
  runId = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
});
afterAll(async () => {
  await Promise.all([minio.stop(), secure.stop(), issuer.stop()]);
  await rm(cwd, { recursive: true });
});

/** The environment of a command at MinIO whose AWS configuration is `config`. */
async function configured(config: string, env: Env): Promise<Env> {
  const AWS_CONFIG_FILE = join(cwd, 'aws-config');
  await writeFile(AWS_CONFIG_FILE, config);
  return {
    MLFLOW_S3_ENDPOINT_URL: minio.endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE,
    ...env,
  };
}

let round = 0;

/** Logs, lists and downloads as a user would; gives what the last command told on stderr. */
async function roundTrip(env: Env): Promise<string> {
  const name = `file-${(round += 1)}`;
  const place = { cwd, env };
  for (const text of ['first', `content of ${name}`]) {
    await writeFile(join(cwd, name), text);
    await mustRunMlstow(['artifacts', 'log', name, '-r', runId], place);
  }
  const listed = await askMlstow(['artifacts', 'list', '-r', runId], place);
  expect(listed.split('\n')).toContain(name);
  const args = ['artifacts', 'download', '-r', runId, '-a', name, '-d', 'out', '--verbose'];
  const { stderr } = await mustRunMlstow(args, place);
  expect(await readFile(join(cwd, 'out', name), 'utf8')).toBe(`content of ${name}`);
  return stderr;
}

const list = async (env: Env): Promise<Finished> =>
  runMlstow(['artifacts', 'list', '-r', runId], { cwd, env });

const sourceKeys = (bed: S3Bed): string =>
  `[profile base]\naws_access_key_id = ${bed.accessKeyId}\naws_secret_access_key = ${bed.secretAccessKey}\n`;
const roleProfile = (more = ''): string =>
  `[profile trainer]\nrole_arn = ${ROLE}\nsource_profile = base\n${more}\n`;

describe('a session token', () => {
  test('goes to the server with its keys, and is told as such', async () => {
    const keys = await assumeRole(minio, EVERYTHING);
    const env = await configured('', {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    });
    const told = await roundTrip({ ...env, AWS_SESSION_TOKEN: keys.sessionToken });
    expect(told).toContain('source=AWS_ACCESS_KEY_ID with AWS_SESSION_TOKEN');
    expect(told).not.toContain(keys.sessionToken);
    const without = await list(env);
    expect(without).toMatchObject({ code: 6, stdout: '' });
    expect(without.stderr).toContain('AWS_SESSION_TOKEN');
  });

  test('is part of what is signed', async () => {
    const endpoint = await startListener((_, response) => response.writeHead(403).end());
    const env = await configured('', {
      MLFLOW_S3_ENDPOINT_URL: endpoint.url,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'the-token',
    });
    expect(await list(env)).toMatchObject({ code: 6 });
    await endpoint.stop();
    const { headers } = endpoint.requests[0]!;
    expect(headers['x-amz-security-token']).toBe('the-token');
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*;x-amz-security-token,/);
  });
});

describe('an assumed role', () => {
  test('of AWS_PROFILE, by the STS that AWS_ENDPOINT_URL_STS names', async () => {
    const env = await configured(sourceKeys(minio) + roleProfile(), {
      AWS_PROFILE: 'trainer',
      AWS_ENDPOINT_URL_STS: minio.endpoint,
    });
    const told = await roundTrip(env);
    expect(told).toMatch(/credentials source=assumed role of AWS profile trainer expires=20/);
    expect(told).not.toContain(minio.secretAccessKey);
  });

  test.each([
    ['its endpoint_url', (url: string) => roleProfile(`endpoint_url = ${url}`)],
    [
      'its services section',
      (url: string) => `${roleProfile('services = mine')}[services mine]\nsts =\n  endpoint_url = ${url}\n`,
    ],
  ])('by the STS that %s names', async (_, profile) => {
    const config = sourceKeys(minio) + profile(minio.endpoint);
    await roundTrip(await configured(config, { AWS_PROFILE: 'trainer' }));
  });

  test('at the S3 that the same profile names, with nothing else set', async () => {
    const profile = roleProfile(`endpoint_url = ${minio.endpoint}\nregion = eu-west-3`);
    const config = await configured(sourceKeys(minio) + profile, { AWS_PROFILE: 'trainer' });
    const env = Object.fromEntries(Object.entries(config).filter(([name]) => name.startsWith('AWS_')));
    expect(await roundTrip(env)).toContain('source=assumed role of AWS profile trainer');
  });

  test('of a profile that a flag names beats keys of variables, as boto3 has it', async () => {
    const env = await configured(sourceKeys(minio) + roleProfile(), {
      AWS_ENDPOINT_URL_STS: minio.endpoint,
      AWS_ACCESS_KEY_ID: 'other',
      AWS_SECRET_ACCESS_KEY: 'keys',
    });
    expect(await list({ ...env, AWS_PROFILE: 'trainer' })).toMatchObject({ code: 6 });
    const args = ['artifacts', 'list', '-r', runId, '--s3-profile', 'trainer', '--verbose'];
    const { stderr } = await mustRunMlstow(args, { cwd, env });
    expect(stderr).toContain('source=assumed role of AWS profile trainer');
    expect(stderr).not.toMatch(/WARN/i);
  });

  test('that may not be assumed, or whose STS is not there, is told as that', async () => {
    const config = sourceKeys({ ...minio, secretAccessKey: 'wrong-secret' }) + roleProfile();
    const env = await configured(config, { AWS_PROFILE: 'trainer', AWS_ENDPOINT_URL_STS: minio.endpoint });
    const refused = await list(env);
    expect(refused, refused.stderr).toMatchObject({ code: 6, stdout: '' });
    expect(refused.stderr).toContain('no AWS credentials were given');
    expect(refused.stderr).not.toMatch(/wrong-secret|WARN/);
    const closed = `127.0.0.1:${await freePort()}`;
    const absent = await list({
      ...env,
      AWS_ENDPOINT_URL_STS: `http://${closed}`,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    });
    expect(absent, absent.stderr).toMatchObject({ code: 7, stdout: '' });
    expect(absent.stderr).toContain(`${closed} cannot be reached`);
  });
});

describe('web identity', () => {
  const identity = async (token: string, env: Env = {}): Promise<Env> => {
    const file = join(cwd, 'token');
    await writeFile(file, token);
    return configured('', {
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_ARN: issuer.roleArn,
      AWS_ENDPOINT_URL_STS: minio.endpoint,
      ...env,
    });
  };

  test('by variables, with a token that MinIO checks with its issuer', async () => {
    const told = await roundTrip(await identity(issuer.token()));
    expect(told).toMatch(/credentials source=role by web identity expires=20/);
  });

  test('by variables of --env-file', async () => {
    const { MLFLOW_S3_ENDPOINT_URL = '', ...others } = await identity(issuer.token());
    const lines = Object.entries(others).map(([name, value]) => `${name}=${value}`);
    await writeFile(join(cwd, 'task.env'), lines.join('\n'));
    const args = ['artifacts', 'list', '-r', runId, '--env-file', 'task.env', '--verbose'];
    const { stderr } = await mustRunMlstow(args, { cwd, env: { MLFLOW_S3_ENDPOINT_URL } });
    expect(stderr).toContain('source=role by web identity');
  });

  test('by a profile', async () => {
    await writeFile(join(cwd, 'token'), issuer.token());
    const profile = `[profile pod]\nrole_arn = ${issuer.roleArn}\nweb_identity_token_file = ${join(cwd, 'token')}\n`;
    const env = { AWS_PROFILE: 'pod', AWS_ENDPOINT_URL_STS: minio.endpoint };
    const told = await roundTrip(await configured(profile, env));
    expect(told).toContain('source=role by web identity of AWS profile pod');
  });

  test('a token that has expired, or a file that is not there, is named', async () => {
    const expired = await list(await identity(issuer.token({ exp: 1_700_000_000 })));
    expect(expired, expired.stderr).toMatchObject({ code: 6, stdout: '' });
    expect(expired.stderr).toContain('AWS_ROLE_ARN');
    const nowhere = await list(await identity('', { AWS_WEB_IDENTITY_TOKEN_FILE: '/missing/token' }));
    expect(nowhere, nowhere.stderr).toMatchObject({ code: 3, stdout: '' });
    expect(nowhere.stderr).toContain('/missing/token');
    expect(nowhere.stderr).toContain('AWS_WEB_IDENTITY_TOKEN_FILE');
  });
});

describe('a proxy and an authority of its own', () => {
  test('hold for STS as for S3', async () => {
    const proxy = await startProxy();
    const { port } = new URL(secure.endpoint);
    const env = await configured(sourceKeys(secure) + roleProfile(), {
      MLFLOW_S3_ENDPOINT_URL: secure.endpoint,
      AWS_PROFILE: 'trainer',
      AWS_ENDPOINT_URL_STS: `https://localhost:${port}`,
      HTTPS_PROXY: proxy.url,
    });
    const untrusted = await list({ ...env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' });
    expect(untrusted, untrusted.stderr).toMatchObject({ code: 3, stdout: '' });
    expect(untrusted.stderr).toContain('AWS_CA_BUNDLE');
    await roundTrip({ ...env, AWS_CA_BUNDLE: secure.caFile! });
    await proxy.stop();
    expect(proxy.asked).toContain(`CONNECT localhost:${port}`);
    expect(proxy.asked).toContain(`CONNECT 127.0.0.1:${port}`);
  });

  const hour = () => new Date(Date.now() + 3_600_000).toISOString();
  const START = 'https://start.example.com/start';

  test.each([
    [
      'assumed role',
      `${roleProfile('region = eu-west-3')}[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n`,
    ],
    [
      'SSO',
      `[profile trainer]\nsso_start_url = ${START}\nsso_region = eu-west-3\nsso_account_id = 123456789012\nsso_role_name = Trainer\n`,
    ],
    [
      'web identity',
      `[profile trainer]\nregion = eu-west-3\nrole_arn = ${ROLE}\nweb_identity_token_file = token\n`,
    ],
  ])('%s asks the host of its own region, through the proxy only', async (_, config) => {
    const proxy = await startProxy(403);
    const cache = join(cwd, '.aws', 'sso', 'cache');
    await mkdir(cache, { recursive: true });
    const entry = `${createHash('sha1').update(START).digest('hex')}.json`;
    const token = { startUrl: START, region: 'eu-west-3', accessToken: 'sso-token', expiresAt: hour() };
    await writeFile(join(cache, entry), JSON.stringify(token));
    await writeFile(join(cwd, 'token'), 'a.b.c');
    const env = await configured(config, { AWS_PROFILE: 'trainer', HTTPS_PROXY: proxy.url });
    const refused = await list({ ...env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' });
    await proxy.stop();
    expect(refused.code, refused.stderr).not.toBe(0);
    expect(new Set(proxy.asked).size).toBe(1);
    expect(proxy.asked[0]).toMatch(/^CONNECT (sts|portal\.sso)\.eu-west-3\.amazonaws\.com:443$/);
  });
});
