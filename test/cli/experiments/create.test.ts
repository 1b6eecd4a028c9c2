import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { changeDatabase } from '../change-database.ts';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const CREATE = ['experiments', 'create', '-n', 'fraud'];

async function place(env: Readonly<Record<string, string>> = {}): Promise<CliPlace> {
  return { cwd: await temporaryFolder(), env };
}

async function locationOf(id: string, at: CliPlace): Promise<string> {
  const json = await mustRunCli(['experiments', 'get', '-x', id, '--output', 'json'], at);
  return (JSON.parse(json) as { artifact_location: string }).artifact_location;
}

describe('experiments create', () => {
  test('works in an empty folder and says what mlflow says', async () => {
    const at = await place();
    expect(await runCli(CREATE, at)).toMatchObject({
      code: 0,
      stdout: "Created experiment 'fraud' with id 1\n",
      stderr: '',
    });
    expect(existsSync(join(at.cwd, 'mlflow.db'))).toBe(true);
    expect(await locationOf('1', at)).toBe(join(at.cwd, 'mlruns', '1'));
  });

  test('-q prints the id, --output json one line', async () => {
    const at = await place();
    expect(await mustRunCli([...CREATE, '-q'], at)).toBe('1\n');
    const json = await mustRunCli(
      ['experiments', 'create', '-n', 'b', '-l', 's3://b/x', '--output', 'json'],
      at,
    );
    expect(json.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(json)).toEqual({
      schema: 'mlstow.experiments.create/1',
      experiment_id: '2',
      name: 'b',
      artifact_location: 's3://b/x',
      created: true,
      restored: false,
    });
  });

  test('needs a name, whatever the environment says', async () => {
    const result = await runCli(['experiments', 'create'], await place({ MLFLOW_EXPERIMENT_NAME: 'fraud' }));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('--experiment-name');
  });

  test.each([
    [['--tag', 'x'], 'key=value'],
    [['--tag', 'a=1', '--tag', 'a=2'], 'twice'],
    [['--trace-archival-retention', '0d'], '30d'],
    [['-l', ''], 'empty'],
    [['-l', 's3://b/../x'], '".."'],
    [['-l', 's3://b/x?versionId=1'], 'query'],
    [['-l', 'http:///#/../../etc/'], 'fragment'],
    [['-l', 'runs:/0123456789abcdef0123456789abcdef/x'], 'not a place for new ones'],
    [['-l', `s3://b/${'x'.repeat(3000)}`], '2048'],
  ])('refuses %j before it touches anything', async (flags, message) => {
    const at = await place();
    const result = await runCli([...CREATE, ...flags], at);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(await readdir(at.cwd)).toEqual([]);
  });

  test('keeps tags, and the archival retention as mlflow keeps it', async () => {
    const at = await place();
    await mustRunCli([...CREATE, '--tag', 'team=a=b', '--trace-archival-retention', '30d'], at);
    const json = await mustRunCli(['experiments', 'get', '-n', 'fraud', '--output', 'json'], at);
    expect((JSON.parse(json) as { tags: unknown }).tags).toEqual({
      team: 'a=b',
      'mlflow.trace.archivalRetention': '{"type": "duration", "value": "30d"}',
    });
  });

  test('a relative location counts from the working directory', async () => {
    const at = await place();
    await mustRunCli([...CREATE, '-l', './art'], at);
    expect(await locationOf('1', at)).toBe(join(at.cwd, 'art'));
  });

  test('warns about a password in the location and shows it nowhere', async () => {
    const at = await place();
    const flags = ['-l', 'sftp://me:s3cret@host/x'];
    const result = await runCli([...CREATE, ...flags, '--output', 'json'], at);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('holds a password');
    const shown = await mustRunCli(['experiments', 'search'], at);
    expect(result.stdout + result.stderr + shown).not.toContain('s3cret');
    expect(await runCli([...CREATE, ...flags, '--if-not-exists', '-q'], at)).toMatchObject({
      code: 0,
      stdout: '1\n',
    });
  });

  test('MLFLOW_ARTIFACT_URI gives a new experiment a folder of its own below that root', async () => {
    const at = await place({ MLFLOW_ARTIFACT_URI: 's3://bucket/root' });
    await mustRunCli(CREATE, at);
    expect(await locationOf('1', at)).toMatch(/^s3:\/\/bucket\/root\/[0-9a-f]{32}$/);
    await mustRunCli(['experiments', 'create', '-n', 'own', '-l', 's3://other/x'], at);
    expect(await locationOf('2', at)).toBe('s3://other/x');
    const broken = await runCli(['experiments', 'create', '-n', 'c'], {
      ...at,
      env: { MLFLOW_ARTIFACT_URI: 's3://b/../c' },
    });
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain('MLFLOW_ARTIFACT_URI');
  });
});

describe('--if-not-exists', () => {
  test('without it a name taken is refused', async () => {
    const at = await place();
    await mustRunCli(CREATE, at);
    const result = await runCli(CREATE, at);
    expect(result).toMatchObject({ code: 8, stdout: '' });
    expect(result.stderr).toContain('--if-not-exists');
  });

  test('gives the id of the one that exists and leaves its tags alone', async () => {
    const at = await place();
    await mustRunCli([...CREATE, '--tag', 'a=1'], at);
    expect(await mustRunCli([...CREATE, '--if-not-exists', '--tag', 'b=2', '-q'], at)).toBe('1\n');
    expect(await mustRunCli(['experiments', 'get', '-x', '1'], at)).toContain(': a=1\n');
  });

  test('never takes one at another location for success', async () => {
    const at = await place();
    await mustRunCli([...CREATE, '-l', 's3://bucket/a/'], at);
    expect(await mustRunCli([...CREATE, '-l', 's3://bucket/a', '--if-not-exists', '-q'], at)).toBe('1\n');
    const other = await runCli([...CREATE, '-l', 's3://bucket/b', '--if-not-exists'], at);
    expect(other).toMatchObject({ code: 8, stdout: '' });
    expect(other.stderr).toContain('s3://bucket/a');
    expect(other.stderr).toContain('s3://bucket/b');
  });

  test('callers at the same moment all get the one that was created', async () => {
    const at = await place();
    await mustRunCli(['experiments', 'create', '-n', 'first'], at);
    const asked = [...CREATE, '--if-not-exists', '--output', 'json'];
    const all = await Promise.all(Array.from({ length: 8 }, () => mustRunCli(asked, at)));
    const answers = all.map((line) => JSON.parse(line) as { experiment_id: string; created: boolean });
    expect(new Set(answers.map(({ experiment_id: id }) => id))).toEqual(new Set(['2']));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });
});

describe('a deleted experiment that holds the name', () => {
  async function deleted(): Promise<CliPlace> {
    const at = await place();
    await mustRunCli(CREATE, at);
    for (const name of ['early', 'late'])
      await mustRunCli(['runs', 'create', '-x', '1', '--run-name', name], at);
    await mustRunCli(['experiments', 'delete', '-x', '1'], at);
    return at;
  }

  test.each([[[]], [['--if-not-exists']]])('is refused with %j', async (flags) => {
    const result = await runCli([...CREATE, ...flags], await deleted());
    expect(result).toMatchObject({ code: 8, stdout: '' });
    expect(result.stderr).toContain('--restore-if-deleted');
  });

  test('comes back, and it is said how many runs came with it', async () => {
    const at = await deleted();
    const result = await runCli([...CREATE, '--restore-if-deleted'], at);
    expect(result).toMatchObject({ code: 0, stdout: "Restored experiment 'fraud' with id 1\n" });
    expect(result.stderr).toContain('2 of its runs came back');
  });

  test('runs that were deleted before it are deleted again', async () => {
    const at = await deleted();
    changeDatabase(at.cwd, "UPDATE runs SET deleted_time = 1000 WHERE name = 'early'");
    const result = await runCli(
      [...CREATE, '--if-not-exists', '--restore-if-deleted', '--output', 'json'],
      at,
    );
    expect(JSON.parse(result.stdout)).toMatchObject({
      experiment_id: '1',
      created: false,
      restored: true,
      runs_restored: 1,
      runs_deleted_again: 1,
    });
    expect(await mustRunCli(['runs', 'list', '-x', '1'], at)).toContain('late');
    expect(await mustRunCli(['runs', 'list', '-x', '1', '-v', 'deleted_only'], at)).toContain('early');
  });

  test('the file store knows which runs were deleted before it', async () => {
    let now = 1_700_000_000_000;
    const clock = { ...systemClock, now: () => (now += 1000) };
    const at = { ...(await place({ MLFLOW_ALLOW_FILE_STORE: 'true' })), clock };
    const cli = async (...args: readonly string[]): Promise<string> =>
      (await mustRunCli([...args, '--tracking-uri', `file://${at.cwd}/mlruns`], at)).trim();
    const id = await cli(...CREATE, '-q');
    const early = await cli('runs', 'create', '-x', id, '-q');
    const late = await cli('runs', 'create', '-x', id, '-q');
    await cli('runs', 'delete', '-r', early);
    await cli('experiments', 'delete', '-x', id);
    await cli(...CREATE, '--restore-if-deleted');
    expect(await cli('runs', 'list', '-x', id, '-q')).toBe(late);
    expect(await cli('runs', 'list', '-x', id, '-v', 'deleted_only', '-q')).toBe(early);
  });

  test('is not restored when it is at another location', async () => {
    const at = await deleted();
    const result = await runCli([...CREATE, '--restore-if-deleted', '-l', 's3://b/x'], at);
    expect(result.code).toBe(8);
    expect(await mustRunCli(['experiments', 'search', '-v', 'deleted_only', '-q'], at)).toBe('1\n');
  });
});

describe('--check', () => {
  test('leaves nothing behind at the location', async () => {
    const at = await place();
    await mustRunCli([...CREATE, '-l', join(at.cwd, 'art'), '--check'], at);
    expect(existsSync(join(at.cwd, 'art')) ? await readdir(join(at.cwd, 'art')) : []).toEqual([]);
  });

  test('creates nothing when the location cannot be written', async () => {
    const at = await place();
    await writeFile(join(at.cwd, 'file'), '');
    const result = await runCli([...CREATE, '-l', join(at.cwd, 'file', 'below'), '--check'], at);
    expect(result.code).not.toBe(0);
    expect(await mustRunCli(['experiments', 'search', '-q'], at)).toBe('0\n');
  });
});

describe('in an Airflow task', () => {
  test('records in the working directory are refused, and nothing is written', async () => {
    const at = await place({ AIRFLOW_CTX_DAG_ID: 'dag' });
    const result = await runCli(CREATE, at);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('MLFLOW_TRACKING_URI');
    expect(await readdir(at.cwd)).toEqual([]);
    expect(await mustRunCli([...CREATE, '--allow-local', '-q'], at)).toBe('1\n');
  });

  test.each([
    ['relative', ['-l', 'art'], {}],
    ['relative', [], { MLFLOW_ARTIFACT_URI: 'art' }],
    ['temporary directory', ['-l', '/tmp/art'], {}],
  ])('a %s artifact location is refused with %j %j', async (reason, flags, more) => {
    const at = await place();
    const tracking = ['--tracking-uri', 'http://127.0.0.1:9'];
    const root = { ...at, env: { AIRFLOW_CTX_DAG_ID: 'dag', ...more } };
    const result = await runCli([...CREATE, ...flags, ...tracking], root);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(reason);
  });
});
