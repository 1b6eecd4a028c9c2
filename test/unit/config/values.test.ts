import fc from 'fast-check';
import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { explainAll, explainOne, findKey } from '../../../src/config/explain.ts';
import { variableNames } from '../../../src/config/setting.ts';
import { declarationOf, KEYS, type Key } from '../../../src/config/settings/index.ts';
import { failureOf, makeWorkspace } from './workspace.ts';

async function fromEnv(env: Readonly<Record<string, string>>, key: Key): Promise<unknown> {
  return (await (await makeWorkspace()).load({ env })).get(key);
}

describe('values', () => {
  it.each<[string, string, Key, unknown]>([
    ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', ' 10 ', 'http.maxRetries', 10],
    ['MLFLOW_HTTP_REQUEST_BACKOFF_JITTER', '0.5', 'http.backoffJitter', 500],
    ['MLFLOW_HTTP_REQUEST_TIMEOUT', '5', 'http.timeout', 5000],
    ['MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT', '-1', 'artifacts.timeout', Number.POSITIVE_INFINITY],
    ['MLSTOW_DEADLINE', '1d2h3m4s', 'cli.deadline', 93_784_000],
    ['MLSTOW_DEADLINE', '90', 'cli.deadline', 90_000],
    ['MLSTOW_BWLIMIT', '50M', 'artifacts.bandwidthLimit', 50 * 1024 ** 2],
    ['MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE', '10485760', 'artifacts.multipartUploadChunkSize', 10_485_760],
    ['MLFLOW_S3_IGNORE_TLS', 'TRUE', 's3.ignoreTls', true],
    ['MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD', '0', 'artifacts.proxyMultipartUpload', false],
    ['NO_COLOR', 'no', 'cli.noColor', true],
    ['AWS_REQUEST_CHECKSUM_CALCULATION', 'WHEN_REQUIRED', 's3.checksum', 'when_required'],
    ['MLFLOW_S3_UPLOAD_EXTRA_ARGS', '{"ACL": "private"}', 's3.uploadExtraArgs', { ACL: 'private' }],
    ['MLSTOW_TRUSTED_ARTIFACT_HOSTS', 'a, b:8080,', 'artifacts.trustedHosts', ['a', 'b:8080']],
    ['MLSTOW_SHARED_PATHS', ['/a', '/b c'].join(delimiter), 'artifacts.sharedPaths', ['/a', '/b c']],
    ['https_proxy', 'proxy:3128', 'net.httpsProxy', 'proxy:3128'],
  ])('%s=%s', async (variable, text, key, value) => {
    expect(await fromEnv({ [variable]: text }, key)).toEqual(value);
  });

  it.each<[string, string, Key, string]>([
    ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', '11', 'http.maxRetries', 'is above 10 (11)'],
    ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', '-1', 'http.maxRetries', 'is below 0 (-1)'],
    ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', '1.5', 'http.maxRetries', 'is not a whole number (1.5)'],
    ['MLFLOW_HTTP_REQUEST_MAX_RETRIES', '0x7', 'http.maxRetries', 'is not a whole number (0x7)'],
    ['MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR', '121', 'http.backoffFactor', 'is above 120 seconds (121)'],
    ['MLFLOW_HTTP_REQUEST_TIMEOUT', '2m', 'http.timeout', 'is not a number of seconds (2m)'],
    ['MLFLOW_HTTP_REQUEST_TIMEOUT', '-1', 'http.timeout', 'is below 0 seconds (-1)'],
    [
      'MLSTOW_DEADLINE',
      'soon',
      'cli.deadline',
      'is not a number of seconds, nor a duration such as 1h30m (soon)',
    ],
    [
      'MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE',
      '10M',
      'artifacts.multipartUploadChunkSize',
      'is not a number of bytes (10M)',
    ],
    [
      'MLSTOW_BWLIMIT',
      '50MB',
      'artifacts.bandwidthLimit',
      'is not a number of bytes, nor a size such as 50M (50MB)',
    ],
    [
      'MLFLOW_GCS_UPLOAD_CHUNK_SIZE',
      '262145',
      'gcs.uploadChunkSize',
      'is not a multiple of 262144 bytes (262145)',
    ],
    ['MLFLOW_S3_IGNORE_TLS', 'yes', 's3.ignoreTls', 'is neither true, false, 1 nor 0 (yes)'],
    [
      'MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE',
      'dns',
      's3.addressingStyle',
      'is none of auto, path, virtual (dns)',
    ],
    [
      'MLFLOW_S3_ENDPOINT_URL',
      's3://bucket/x',
      's3.endpointUrl',
      'is not an http(s) URL with a host (s3://bucket/x)',
    ],
    [
      'MLFLOW_S3_ENDPOINT_URL',
      'http:///x',
      's3.endpointUrl',
      'is not an http(s) URL with a host (http:///x)',
    ],
    ['MLFLOW_S3_UPLOAD_EXTRA_ARGS', '{"SSECustomerKey"', 's3.uploadExtraArgs', 'is not valid JSON (***)'],
    ['MLFLOW_S3_UPLOAD_EXTRA_ARGS', '["x"]', 's3.uploadExtraArgs', 'is not a JSON object (***)'],
  ])('%s=%s is an error that names the variable', async (variable, text, key, message) => {
    const config = await (await makeWorkspace()).load({ env: { [variable]: text } });
    expect(await failureOf(() => config.get(key))).toMatchObject({
      facts: { kind: 'misconfigured', subject: variable, message: `${variable} ${message}`, settings: [key] },
    });
    expect(explainAll(config).filter((row) => row.problem !== undefined)).toEqual([
      { key, problem: `${variable} ${message}`, shadowed: [], secret: false },
    ]);
  });

  it('blames the flag, or the file and its line', async () => {
    const space = await makeWorkspace();
    const file = await space.write('project/mlstow.config.yaml', '\nhttp: { maxRetries: many }\n');
    const config = await space.load({ flags: { 'cli.deadline': 'soon' } });
    expect(await failureOf(() => config.get('cli.deadline'))).toMatchObject({
      facts: {
        kind: 'usage',
        subject: '--deadline',
        message: expect.stringMatching(/^--deadline is .*\(soon\)$/) as unknown,
      },
    });
    expect(await failureOf(() => config.get('http.maxRetries'))).toMatchObject({
      facts: {
        kind: 'misconfigured',
        subject: `${file}:http.maxRetries`,
        message: `http.maxRetries in ${file}:2 is not a whole number (many)`,
      },
    });
  });

  it('takes native YAML values, suffixes and sequences from files', async () => {
    const space = await makeWorkspace();
    await space.write(
      'home/.config/mlstow/config.yaml',
      [
        'http: { maxRetries: 3, timeout: 2m, respectRetryAfter: false }',
        'artifacts: { multipartUploadChunkSize: 64M, trustedHosts: [a, b] }',
        's3: { uploadExtraArgs: { ServerSideEncryption: aws:kms }, region: 1 }',
        'tracking.experimentId: 5',
      ].join('\n'),
    );
    const config = await space.load();
    expect(config.get('http.maxRetries')).toBe(3);
    expect(config.get('http.timeout')).toBe(120_000);
    expect(config.get('http.respectRetryAfter')).toBe(false);
    expect(config.get('artifacts.multipartUploadChunkSize')).toBe(64 * 1024 ** 2);
    expect(config.get('artifacts.trustedHosts')).toEqual(['a', 'b']);
    expect(config.get('s3.uploadExtraArgs')).toEqual({ ServerSideEncryption: 'aws:kms' });
    expect(config.get('tracking.experimentId')).toBe('5');
  });

  it.each<[Key, string]>([
    ['tracking.uri', '{ a: 1 }'],
    ['s3.caBundle', '[x]'],
    ['http.maxRetries', 'true'],
    ['http.timeout', '[1]'],
    ['artifacts.bandwidthLimit', 'true'],
    ['cli.quiet', '[true]'],
    ['cli.output', '7'],
    ['artifacts.trustedHosts', '[[a]]'],
    ['s3.uploadExtraArgs', '5'],
    ['s3.endpointUrl', '{ a: 1 }'],
    ['tracking.uri', '""'],
  ])('refuses %s: %s of another shape in a file', async (key, yaml) => {
    const space = await makeWorkspace();
    await space.write('home/.config/mlstow/config.yaml', `${key}: ${yaml}`);
    const config = await space.load();
    expect(await failureOf(() => config.get(key))).toMatchObject({ kind: 'misconfigured' });
  });
});

describe('declarations', () => {
  it('hold every default within their own rules', async () => {
    const config = await (await makeWorkspace()).load();
    expect(explainAll(config).filter((row) => row.problem !== undefined)).toEqual([]);
    expect(config.entries().map((entry) => entry.key)).toEqual(KEYS);
  });

  it('name every variable that users of MLflow artifact stores know', () => {
    const names = new Set(KEYS.flatMap((key) => variableNames(declarationOf(key))));
    const known = `MLFLOW_TRACKING_URI MLFLOW_ARTIFACT_URI MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT MLFLOW_GCS_DEFAULT_TIMEOUT
      MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE MLFLOW_GCS_UPLOAD_CHUNK_SIZE MLFLOW_KERBEROS_TICKET_CACHE
      MLFLOW_KERBEROS_USER MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE MLFLOW_S3_ENDPOINT_URL
      MLFLOW_S3_IGNORE_TLS MLFLOW_S3_UPLOAD_EXTRA_ARGS AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CA_BUNDLE AWS_DEFAULT_REGION
      AZURE_STORAGE_ACCESS_KEY AZURE_STORAGE_CONNECTION_STRING AZURE_STORAGE_SAS_TOKEN GOOGLE_APPLICATION_CREDENTIALS`;
    expect(known.split(/\s+/).filter((name) => !names.has(name))).toEqual([]);
  });

  it('give each flag to one key', () => {
    const flags = KEYS.map((key) => declarationOf(key).flag).filter((flag) => flag !== undefined);
    expect(new Set(flags).size).toBe(flags.length);
  });
});

describe('config get', () => {
  it('takes a key, a variable or a flag, and helps with a misspelt one', async () => {
    expect(findKey('MLFLOW_S3_ENDPOINT_URL')).toBe('s3.endpointUrl');
    expect(findKey('--tracking-uri')).toBe('tracking.uri');
    expect(await failureOf(() => findKey('tracking.url'))).toMatchObject({
      facts: { kind: 'usage', hint: 'did you mean tracking.uri?' },
    });
    expect(await failureOf(() => findKey('zzzzzz'))).toMatchObject({ facts: { kind: 'usage' } });
  });

  it('explains one setting', async () => {
    const space = await makeWorkspace();
    const env = { MLFLOW_TRACKING_URI: 'http://ann:pw@h:5000' };
    const config = await space.load({ env, flags: { 'tracking.uri': 'https://bob:qq@i' } });
    expect(explainOne(config, 'tracking.uri')).toEqual({
      key: 'tracking.uri',
      value: 'https://bob:***@i',
      origin: 'flag --tracking-uri',
      shadowed: [{ origin: 'variable MLFLOW_TRACKING_URI', value: 'http://ann:***@h:5000' }],
      secret: false,
    });
    expect(explainOne(config, 's3.region')).toEqual({
      key: 's3.region',
      origin: 'unset',
      shadowed: [],
      secret: false,
    });
  });
});

describe('secrets', () => {
  const secrets = KEYS.filter((key) => declarationOf(key).secret);
  const word = fc.stringMatching(/^[A-Za-z0-9+/=@:;&?#%]{8,24}$/).map((text) => `S3cr3t${text}`);

  it('never show in any display, shadowed value, failure or ignored line', async () => {
    const space = await makeWorkspace();
    await fc.assert(
      fc.asyncProperty(word, fc.constantFrom(...secrets), async (secret, key) => {
        const yaml = `${key}: ${JSON.stringify(secret)}\n`;
        await space.write('home/.config/mlstow/config.yaml', yaml);
        await space.write(
          'project/mlstow.config.yaml',
          `${yaml}profiles: { p: { ${key}: ${JSON.stringify(secret)} } }\n`,
        );
        const env = Object.fromEntries(variableNames(declarationOf(key)).map((name) => [name, secret]));
        for (const flags of [{}, { [key]: secret }, { [key]: '' }]) {
          const config = (await space.load({ env, flags, profile: 'p' })).withServerAnswers({
            [key]: secret,
          });
          const failed = config
            .entries()
            .flatMap((entry) => ('failure' in entry ? [entry.failure.facts] : []));
          const shown = JSON.stringify([explainAll(config), config.ignored, failed]);
          expect(shown).not.toContain('S3cr3t');
          if (!('' in flags) && flags[key] !== '') expect(config.get(key)).toBe(secret);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are hidden in URIs and in S3 upload arguments, malformed or not', async () => {
    const space = await makeWorkspace();
    const config = await space.load({
      env: {
        http_proxy: 'user:hunter2@proxy:3128',
        MLFLOW_S3_ENDPOINT_URL: 'htp://u:hunter2@h',
        AWS_ENDPOINT_URL: 'http://u:hunter2@h',
        MLFLOW_S3_UPLOAD_EXTRA_ARGS: '{"SSECustomerKey": "hunter2", "ACL": "private"}',
        MLFLOW_BACKEND_STORE_URI: 'mysql+pymysql://u:hunter2@db/x',
      },
    });
    expect(JSON.stringify(explainAll(config))).not.toContain('hunter2');
    expect(config.resolved('s3.uploadExtraArgs').display).toBe('{"SSECustomerKey":"***","ACL":"private"}');
    const failure = await failureOf(() => config.get('s3.endpointUrl'));
    expect(failure).toBeInstanceOf(Failure);
    expect(JSON.stringify((failure as Failure).facts)).not.toContain('hunter2');
  });
});
