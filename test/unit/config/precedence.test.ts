import { describe, expect, it } from 'vitest';
import { describeOrigin } from '../../../src/config/origin.ts';
import type { Config } from '../../../src/config/resolve.ts';
import { failureOf, makeWorkspace, type Workspace } from './workspace.ts';

/** Each source, strongest first, giving s3.region its own name. */
const SOURCES = [
  'flag',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'project-profile',
  'project',
  'user-profile',
  'user',
  'server',
] as const;
type Source = (typeof SOURCES)[number];

async function loadFrom(space: Workspace, sources: readonly Source[]): Promise<Config> {
  const has = (source: Source) => sources.includes(source);
  const file = (name: 'project' | 'user') =>
    [
      has(name) ? `s3:\n  region: ${name}` : '',
      'profiles:',
      has(`${name}-profile`) ? `  prod:\n    s3.region: ${name}-profile` : '  prod: {}',
      '  other:\n    s3.region: never',
    ].join('\n');
  await space.write('project/mlstow.config.yaml', file('project'));
  await space.write('home/.config/mlstow/config.yaml', file('user'));
  const config = await space.load({
    flags: has('flag') ? { 's3.region': 'flag' } : {},
    env: {
      MLSTOW_PROFILE: 'prod',
      ...(has('AWS_REGION') ? { AWS_REGION: 'AWS_REGION' } : {}),
      ...(has('AWS_DEFAULT_REGION') ? { AWS_DEFAULT_REGION: 'AWS_DEFAULT_REGION' } : {}),
    },
  });
  return has('server') ? config.withServerAnswers({ 's3.region': 'server' }) : config;
}

describe('precedence', () => {
  const pairs = SOURCES.flatMap((strong, i) => SOURCES.slice(i + 1).map((weak) => [strong, weak] as const));

  it.each(pairs)('%s beats %s', async (strong, weak) => {
    const resolved = (await loadFrom(await makeWorkspace(), [strong, weak])).resolved('s3.region');
    expect(resolved.value).toBe(strong);
    expect(resolved.shadowed.map((lost) => lost.display)).toEqual([weak]);
  });

  it('tells all that lost, in order, and where each was written', async () => {
    const space = await makeWorkspace();
    const resolved = (await loadFrom(space, SOURCES)).resolved('s3.region');
    const project = `${space.project}/mlstow.config.yaml`;
    const user = `${space.home}/.config/mlstow/config.yaml`;
    expect([resolved.origin, ...resolved.shadowed.map((lost) => lost.origin)].map(describeOrigin)).toEqual([
      'flag --s3-region',
      'variable AWS_REGION',
      'variable AWS_DEFAULT_REGION',
      `profiles.prod in ${project}:5`,
      `${project}:2`,
      `profiles.prod in ${user}:5`,
      `${user}:2`,
      'server',
    ]);
    expect(resolved.shadowed.map((lost) => lost.display)).toEqual(SOURCES.slice(1));
  });

  it('falls back to the default, which shadows nothing', async () => {
    const config = await (await makeWorkspace()).load();
    expect(config.get('s3.region')).toBeUndefined();
    expect(config.resolved('http.maxRetries')).toEqual({
      value: 7,
      display: '7',
      origin: { from: 'default', name: 'http.maxRetries' },
      shadowed: [],
    });
    expect(config.withServerAnswers({ 'http.maxRetries': 3 }).resolved('http.maxRetries').origin.from).toBe(
      'server',
    );
    expect(config.get('http.maxRetries')).toBe(7);
  });

  it('takes an empty variable as unset and an empty flag as a mistake', async () => {
    const space = await makeWorkspace();
    const env = { MLFLOW_TRACKING_URI: '', MLFLOW_S3_ENDPOINT_URL: '', AWS_ENDPOINT_URL: 'http://h:1' };
    const config = await space.load({ env });
    expect(config.get('tracking.uri')).toBeUndefined();
    expect(config.get('s3.endpointUrl')).toBe('http://h:1');
    const flagged = await space.load({ flags: { 'tracking.uri': '' } });
    expect(await failureOf(() => flagged.get('tracking.uri'))).toMatchObject({
      facts: { kind: 'usage', message: '--tracking-uri is empty', subject: '--tracking-uri' },
    });
  });

  it('names the variable to use in place of a deprecated one', async () => {
    const config = await (await makeWorkspace()).load({ env: { MLFLOW_GCS_DEFAULT_TIMEOUT: '-1' } });
    expect(config.resolved('gcs.timeout')).toMatchObject({
      value: Number.POSITIVE_INFINITY,
      display: 'no limit',
      origin: { name: 'MLFLOW_GCS_DEFAULT_TIMEOUT', replacedBy: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT' },
    });
  });

  it('reads ~/.mlflow/credentials below the user file', async () => {
    const space = await makeWorkspace();
    const file = await space.write(
      'home/.mlflow/credentials',
      '[other]\nmlflow_tracking_username = eve\n[mlflow]\n# c\nMLFLOW_tracking_username = ann\nmlflow_tracking_password: pw;1 #x\n',
    );
    const config = await space.load({ env: { MLFLOW_TRACKING_USERNAME: 'bob' } });
    expect(config.get('tracking.username')).toBe('bob');
    expect(config.resolved('tracking.username').shadowed).toEqual([
      { origin: { from: 'file', name: 'tracking.username', file }, display: 'ann' },
    ]);
    expect(config.resolved('tracking.password')).toMatchObject({ display: '***', origin: { file } });
    expect(config.get('tracking.password')).toBe('pw;1 #x');
  });
});
