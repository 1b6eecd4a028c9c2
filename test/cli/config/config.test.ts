import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let home: string;
let cwd: string;
let userFile: string;

beforeEach(async () => {
  home = await temporaryFolder();
  cwd = join(home, 'project');
  userFile = join(home, '.config', 'mlstow', 'config.yaml');
  await mkdir(join(home, '.config', 'mlstow'), { recursive: true });
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{}');
});

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCli(args, { cwd, home, env });
const get = async (key: string, ...flags: string[]) => run(['config', 'get', ...flags, '--', key]);

interface Row {
  readonly key: string;
  readonly value?: string;
  readonly origin?: string;
  readonly shadowed: readonly { readonly origin: string; readonly value: string }[];
  readonly problem?: string;
}
interface Listing {
  readonly schema: string;
  readonly items: readonly Row[];
  readonly files: readonly string[];
  readonly profile?: string;
  readonly ignored: readonly string[];
}

async function listing(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Listing> {
  const { code, stdout, stderr } = await run(['config', 'list', '--output', 'json', ...args], env);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Listing;
}

async function row(key: string, ...from: Parameters<typeof listing>): Promise<Row> {
  const found = (await listing(...from)).items.find((item) => item.key === key);
  if (!found) throw new Error(`no ${key}`);
  return found;
}

describe('config get', () => {
  test.each(['http.maxRetries', 'MLFLOW_HTTP_REQUEST_MAX_RETRIES'])('by %s', async (name) => {
    const env = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '3' };
    expect(await run(['config', 'get', name], env)).toMatchObject({ code: 0, stdout: '3\n', stderr: '' });
    expect((await run(['config', 'get', name, '-q'], env)).stdout).toBe('3\n');
    const json = await run(['config', 'get', name, '--output', 'json', '--verbose'], env);
    expect(JSON.parse(json.stdout)).toEqual({
      schema: 'mlstow.config.get/1',
      key: 'http.maxRetries',
      value: '3',
      origin: 'variable MLFLOW_HTTP_REQUEST_MAX_RETRIES',
      shadowed: [],
    });
  });

  test('by flag, after --', async () => {
    const flags = ['--s3-region', 'eu-west-3'];
    expect(await get('--tracking-uri', '--tracking-uri', 'http://h')).toMatchObject({ stdout: 'http://h\n' });
    expect(await get('--s3-region')).toMatchObject({ code: 0, stdout: '\n' });
    expect(await get('--s3-region', ...flags)).toMatchObject({ code: 2, stdout: '' });
  });

  test('an unknown name is a usage error with the nearest one', async () => {
    const near = await get('tracking.url');
    expect(near).toMatchObject({ code: 2, stdout: '' });
    expect(near.stderr).toContain('did you mean tracking.uri?');
    expect((await get('zzz')).stderr).toContain('mlstow config list');
    expect(await run(['config', 'get'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('a malformed value is an error that names who set it', async () => {
    const result = await run(['config', 'get', 's3.ignoreTls'], { MLFLOW_S3_IGNORE_TLS: 'maybe' });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('MLFLOW_S3_IGNORE_TLS');
  });

  test('a secret is never shown', async () => {
    const env = { MLFLOW_TRACKING_PASSWORD: 'hunter2' };
    for (const args of [[], ['--show-origin'], ['--output', 'json'], ['-q']]) {
      const { code, stdout } = await run(['config', 'get', 'tracking.password', ...args], env);
      expect(code).toBe(0);
      expect(stdout).toContain('***');
      expect(stdout).not.toContain('hunter2');
    }
  });
});

describe('who wins', () => {
  beforeEach(async () => {
    const text =
      'tracking:\n  uri: http://user-file\nprofiles:\n  prod:\n    tracking: { uri: http://prod }\n';
    await writeFile(userFile, text);
  });

  test('flag, variable, project file, user file, default, in this order, each shadowing the next', async () => {
    expect(await row('tracking.uri')).toMatchObject({ value: 'http://user-file', origin: `${userFile}:2` });
    const project = join(cwd, 'mlstow.config.yaml');
    await writeFile(project, 'tracking:\n  uri: http://project\n');
    expect(await row('tracking.uri')).toMatchObject({ value: 'http://project', origin: `${project}:2` });
    const env = { MLFLOW_TRACKING_URI: 'http://variable' };
    const top = await row('tracking.uri', ['--tracking-uri', 'http://flag'], env);
    expect(top).toMatchObject({ value: 'http://flag', origin: 'flag --tracking-uri' });
    expect(top.shadowed).toEqual([
      { origin: 'variable MLFLOW_TRACKING_URI', value: 'http://variable' },
      { origin: `${project}:2`, value: 'http://project' },
      { origin: `${userFile}:2`, value: 'http://user-file' },
    ]);
  });

  test('--profile and MLSTOW_PROFILE pick a profile; an unknown one is an error', async () => {
    const expected = { value: 'http://prod', origin: `profiles.prod in ${userFile}:5` };
    expect(await row('tracking.uri', ['--profile', 'prod'])).toMatchObject(expected);
    expect(await row('tracking.uri', [], { MLSTOW_PROFILE: 'prod' })).toMatchObject(expected);
    expect((await listing(['--profile', 'prod'])).profile).toBe('prod');
    const unknown = await run(['config', 'list', '--profile', 'pord']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('pord');
  });

  test('text: --show-origin tells who set it and what it beat; --set hides defaults', async () => {
    const env = { MLFLOW_TRACKING_URI: 'http://variable' };
    const { stdout } = await run(['config', 'list', '--set', '--show-origin'], env);
    expect(stdout).toContain(
      `tracking.uri = http://variable\tvariable MLFLOW_TRACKING_URI\n  instead of http://user-file\t${userFile}:2\n`,
    );
    expect(stdout).not.toContain('\tdefault');
    const all = await run(['config', 'list'], env);
    expect(all.stdout).toContain('tracking.uri = http://variable\n');
    expect(all.stdout).toContain('http.maxRetries = ');
    expect(all.stdout).not.toContain('\t');
  });

  test('-q gives keys, jsonl a line for each', async () => {
    const keys = (await run(['config', 'list', '-q'])).stdout.trimEnd().split('\n');
    const lines = (await run(['config', 'list', '--output', 'jsonl'])).stdout.trimEnd().split('\n');
    expect(keys).toContain('tracking.uri');
    expect(lines).toHaveLength(keys.length + 1);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      schema: 'mlstow.config.list/1',
      files: [userFile],
    });
  });
});

describe('what a project file may not say', () => {
  test('is ignored with a warning on stderr, and listed', async () => {
    const file = join(cwd, 'mlstow.config.yaml');
    const lines = [
      'tracking:',
      '  password: hunter2',
      'artifacts:',
      '  allowLocal: true',
      'gc:',
      '  yes: true',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const { code, stdout, stderr } = await run(['config', 'list', '--output', 'json', '-q']);
    expect(code).toBe(0);
    const told = JSON.parse(stdout) as Listing;
    expect(told.ignored).toHaveLength(3);
    expect(told.ignored[0]).toContain('tracking.password cannot be set in a project file');
    for (const message of told.ignored) expect(stderr).toContain(`warning: ${message}`);
    const value = told.items.find(({ key }) => key === 'tracking.password')?.value;
    expect(value).toBeUndefined();
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('a variable of ours with a typo is told', async () => {
    const { stderr } = await run(['config', 'list', '-q'], { MLSTOW_WORKRES: '3' });
    expect(stderr).toContain('MLSTOW_WORKRES is not a setting; did you mean MLSTOW_WORKERS?');
  });

  test('a malformed value is a problem of its row alone', async () => {
    const env = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: 'many' };
    const told = await row('http.maxRetries', [], env);
    expect(told.value).toBeUndefined();
    expect(told.problem).toContain('MLFLOW_HTTP_REQUEST_MAX_RETRIES');
    expect((await run(['config', 'list', '--set'], env)).stdout).toContain('http.maxRetries = (');
  });

  test('a file that cannot be read as YAML is an error that names it', async () => {
    await writeFile(join(cwd, 'mlstow.config.yaml'), 'a: [\n');
    const result = await run(['config', 'list']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('mlstow.config.yaml');
  });
});

describe('--env-file', () => {
  test('gives variables that are not set, and says so on stderr alone', async () => {
    const file = join(cwd, 'vars.env');
    await writeFile(file, 'MLFLOW_TRACKING_URI=http://from-file\nAWS_REGION="eu-west-2"\n');
    const args = ['config', 'get', 'tracking.uri', '--env-file', file];
    const { stdout, stderr } = await run(args);
    expect(stdout).toBe('http://from-file\n');
    expect(stderr).toBe(`Loaded environment variables from: ${file}\n`);
    expect((await run(args, { MLFLOW_TRACKING_URI: 'http://set' })).stdout).toBe('http://set\n');
    expect((await run([...args, '-q'])).stderr).toBe('');
  });

  test('a missing one is an error', async () => {
    const result = await run(['config', 'list', '--env-file', join(cwd, 'none.env')]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('none.env');
  });
});
