import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { mustRunCli, runCli } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
});

async function homeJson(args: readonly string[] = []): Promise<Record<string, unknown>> {
  return JSON.parse(await mustRunCli([...args, '--output', 'json'], { cwd })) as Record<string, unknown>;
}

/** A port that nothing answers at: connections are taken and never served. */
async function silentServer(): Promise<string> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('mlstow without a command', () => {
  test('in an empty folder: where records would go, how to begin, and nothing is created', async () => {
    const { code, stdout, stderr } = await runCli([], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`sqlite:////${cwd.slice(1)}/mlflow.db  (mlflow's default in this folder)`);
    expect(stdout).toContain('experiments  none yet');
    expect(stdout).toContain('mlstow experiments create -n churn');
    expect(await readdir(cwd)).toEqual([]);
  });

  test('with experiments: how many, the newest one and its location, and how to go on', async () => {
    await mustRunCli(['experiments', 'create', '-n', 'first'], { cwd });
    await mustRunCli(['experiments', 'create', '-n', 'churn', '-l', 's3://models/churn'], { cwd });
    const stdout = await mustRunCli([], { cwd });
    expect(stdout).toContain('experiments  3, the newest is churn (2)');
    expect(stdout).toContain('artifacts    s3://models/churn  (location of churn)');
    expect(stdout).toContain('mlstow runs list -x 2');
    expect(await homeJson()).toMatchObject({
      schema: 'mlstow.home/1',
      tracking_kind: 'database',
      experiments: 3,
      experiments_more: false,
      newest_experiment: { experiment_id: '2', name: 'churn', artifact_location: 's3://models/churn' },
    });
  });

  test('with nothing but what MLflow makes itself: how to begin', async () => {
    await mustRunCli(['experiments', 'create', '-n', 'gone'], { cwd });
    await mustRunCli(['experiments', 'delete', '-x', '1'], { cwd });
    const stdout = await mustRunCli([], { cwd });
    expect(stdout).toContain('experiments  1, the newest is Default (0)');
    expect(stdout).toContain('mlstow experiments create -n churn');
  });

  test('settings are told with who set them, and no secret', async () => {
    const env = {
      MLFLOW_TRACKING_URI: 'http://ann:hunter2@127.0.0.1:1',
      MLFLOW_ARTIFACT_URI: 's3://models/root',
    };
    const { code, stdout, stderr } = await runCli([], { cwd, env });
    expect(code).toBe(0);
    expect(stdout).toContain('http://ann:***@127.0.0.1:1  (variable MLFLOW_TRACKING_URI)');
    expect(stdout).toContain('but: 127.0.0.1:1 cannot be reached');
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('a server that takes connections and says nothing is waited for briefly, and is no failure', async () => {
    const result = await homeJson(['--tracking-uri', await silentServer()]);
    expect(result['problem']).toBe('no answer within 2 s');
    expect(result['next']).toContain('mlstow config list --set --show-origin');
    expect(result).not.toHaveProperty('experiments');
  });

  test('a database that was named and is not there is said to be missing', async () => {
    const result = await homeJson(['--tracking-uri', `sqlite:///${cwd}/absent.db`]);
    expect(result['problem']).toContain('absent.db');
  });

  test('what mlstow does not open is told', async () => {
    expect(await homeJson(['--tracking-uri', 'databricks'])).toMatchObject({ tracking_kind: 'other' });
  });

  test('-q prints the tracking URI; a malformed setting is exit code 3', async () => {
    expect(await mustRunCli(['-q', '--tracking-uri', 'http://127.0.0.1:1'], { cwd })).toBe(
      'http://127.0.0.1:1\n',
    );
    expect(await runCli([], { cwd, env: { MLSTOW_DEADLINE: 'soon' } })).toMatchObject({
      code: 3,
      stdout: '',
    });
  });
});
