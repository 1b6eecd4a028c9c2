import { describe, expect, it } from 'vitest';
import { declarationOf, KEYS } from '../../../src/config/settings/index.ts';
import { makeWorkspace } from './workspace.ts';

/** The contract's list, key by key. */
const NEVER = [
  'tracking.username',
  'tracking.password',
  'tracking.token',
  'tracking.insecureTls',
  'tracking.serverCertPath',
  'tracking.clientCertPath',
  's3.accessKeyId',
  's3.secretAccessKey',
  's3.sessionToken',
  's3.profile',
  's3.ignoreTls',
  's3.caBundle',
  'net.caFile',
  'azure.connectionString',
  'gcs.credentialsFile',
  'sftp.knownHosts',
  'sftp.identityFile',
  'hdfs.kerberosTicketCache',
  'artifacts.allowLocal',
  'artifacts.sharedPaths',
  'artifacts.trustedHosts',
  'gc.yes',
  'gc.breakReferences',
  'gc.acceptSchema',
] as const;

describe('a project file', () => {
  it('cannot set what only a person may, and config tells so without the value', async () => {
    const space = await makeWorkspace();
    const lines = NEVER.map((key) => `${key}: hunter2`);
    await space.write(
      'project/mlstow.config.yaml',
      `${lines.join('\n')}\nprofiles:\n  p:\n    gc: { yes: true }\n`,
    );
    const config = await space.load({ profile: 'p' });
    for (const key of NEVER) expect(config.resolved(key).origin.from, key).toBe('default');
    expect(config.ignored.map((one) => one.name)).toEqual([...NEVER, 'profiles.p.gc.yes']);
    expect(new Set(config.ignored.map((one) => one.reason))).toEqual(new Set(['project-file']));
    expect(config.ignored[1]).toMatchObject({
      line: 2,
      message:
        'tracking.password cannot be set in a project file: use MLFLOW_TRACKING_PASSWORD or your own file',
    });
    expect(JSON.stringify(config.ignored)).not.toContain('hunter2');
  });

  it('is refused every secret and everything that a file names for trust or identity', () => {
    const open = KEYS.filter((key) => declarationOf(key).projectFile === 'allowed');
    expect(open.filter((key) => declarationOf(key).secret)).toEqual([]);
    expect(
      open.filter((key) =>
        /[tT]ls|[cC]ert|ca(File|Bundle)|[cC]redential|[pP]assword|[tT]oken|Proxy$|[iI]dentity|[hH]ost(s|Key)/.test(
          key,
        ),
      ),
    ).toEqual([]);
  });

  it('is outdone by the user file where it is refused', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 'artifacts.allowLocal: true');
    await space.write('home/.config/mlstow/config.yaml', 'artifacts.allowLocal: false\ngc.yes: true\n');
    const config = await space.load();
    expect(config.resolved('artifacts.allowLocal')).toMatchObject({ value: false, shadowed: [] });
    expect(config.get('gc.yes')).toBe(true);
  });

  it('may not pick the profile, nor may the user file', async () => {
    const space = await makeWorkspace();
    await space.write(
      'home/.config/mlstow/config.yaml',
      'cli.profile: p\nairflow.dagId: d\nprofiles: { p: { s3.region: x } }',
    );
    const config = await space.load();
    expect(config.get('s3.region')).toBeUndefined();
    expect(config.get('cli.profile')).toBeUndefined();
    expect(config.ignored.map((one) => [one.name, one.reason])).toEqual([
      ['cli.profile', 'any-file'],
      ['airflow.dagId', 'any-file'],
    ]);
  });

  it('is told what it misspelt, as are our own variables', async () => {
    const space = await makeWorkspace();
    await space.write('project/mlstow.config.yaml', 's3:\n  endpointURI: http://h\nwhatever: 1\n');
    const config = await space.load({
      env: { MLSTOW_SHARED_PATH: '/x', MLSTOW_WORKERS: '2', MLFLOW_FOO: '1' },
    });
    expect(
      config.ignored.map(({ reason, name, line, suggestion }) => ({ reason, name, line, suggestion })),
    ).toEqual([
      { reason: 'unknown', name: 's3.endpointURI', line: 2, suggestion: 's3.endpointUrl' },
      { reason: 'unknown', name: 'whatever', line: 3, suggestion: undefined },
      { reason: 'unknown', name: 'MLSTOW_SHARED_PATH', line: undefined, suggestion: 'MLSTOW_SHARED_PATHS' },
    ]);
  });
});
