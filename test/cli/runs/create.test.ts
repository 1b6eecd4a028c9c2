import { describe, expect, test } from 'vitest';
import { changeDatabase } from '../change-database.ts';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

interface Described {
  readonly info: Readonly<Record<string, unknown>>;
  readonly data: { readonly tags: Readonly<Record<string, string>> };
}

const AIRFLOW = {
  AIRFLOW_CTX_DAG_ID: 'my dag',
  AIRFLOW_CTX_TASK_ID: 'train',
  AIRFLOW_CTX_DAG_RUN_ID: 'scheduled__2026-01-01T00:00:00+00:00',
  AIRFLOW_CTX_TRY_NUMBER: '1',
};

async function place(env: Readonly<Record<string, string>> = {}): Promise<CliPlace> {
  const at = { cwd: await temporaryFolder(), env };
  await mustRunCli(['experiments', 'create', '-n', 'a', '-l', 's3://b/a'], { cwd: at.cwd });
  return at;
}

async function create(flags: readonly string[], at: CliPlace): Promise<string> {
  return (await mustRunCli(['runs', 'create', '-q', ...flags], at)).trim();
}

async function describeRun(id: string, at: CliPlace): Promise<Described> {
  return JSON.parse(await mustRunCli(['runs', 'describe', '--run-id', id], at)) as Described;
}

async function listed(at: CliPlace, view = 'active_only'): Promise<readonly string[]> {
  return (await mustRunCli(['runs', 'list', '-x', '1', '-v', view, '-q'], at)).split('\n').filter(Boolean);
}

describe('runs create', () => {
  test('ends the run at once, as mlflow does', async () => {
    const at = await place({ USER: 'ada' });
    const printed = JSON.parse(await mustRunCli(['runs', 'create', '--experiment-id', '1'], at)) as {
      run_id: string;
    };
    expect(printed).toEqual({
      run_id: printed.run_id,
      experiment_id: '1',
      status: 'FINISHED',
      run_name: null,
    });
    const { info, data } = await describeRun(printed.run_id, at);
    expect(info).toMatchObject({
      status: 'FINISHED',
      user_id: 'ada',
      artifact_uri: `s3://b/a/${printed.run_id}/artifacts`,
    });
    expect(info['end_time']).toBeTypeOf('number');
    expect(data.tags).toMatchObject({
      'mlflow.user': 'ada',
      'mlflow.source.name': 'mlstow',
      'mlflow.source.type': 'LOCAL',
    });
  });

  test('--status running leaves it running until runs finish', async () => {
    const at = await place();
    const id = await create(['-x', '1', '--status', 'running'], at);
    expect((await describeRun(id, at)).info).toMatchObject({ status: 'RUNNING', end_time: null });
    expect(
      await mustRunCli(['runs', 'finish', '--status', 'failed'], { ...at, env: { MLFLOW_RUN_ID: id } }),
    ).toBe(`Run with ID ${id} has ended as FAILED.\n`);
    const { info } = await describeRun(id, at);
    expect(info['status']).toBe('FAILED');
    expect(info['end_time']).toBeGreaterThanOrEqual(info['start_time'] as number);
  });

  test('keeps name, description, tags and parent', async () => {
    const at = await place();
    const parent = await create(['-x', '1'], at);
    const flags = ['--run-name', 'n', '--description', 'why', '-t', 'a=b=c', '--parent-run-id', parent];
    const { info, data } = await describeRun(await create(['-x', '1', ...flags], at), at);
    expect(info['run_name']).toBe('n');
    expect(data.tags).toMatchObject({ a: 'b=c', 'mlflow.note.content': 'why', 'mlflow.parentRunId': parent });
  });

  test.each([
    [[]],
    [['-x', '1', '-n', 'a']],
    [['-x', '1', '-t', 'a']],
    [['-x', '1', '-t', 'a=1', '-t', 'a=2']],
    [['-x', '1', '--status', 'scheduled']],
    [['-x', '1', '--idempotency-key', '']],
    [['-x', '1', '--description', 'd', '-t', 'mlflow.note.content=e']],
  ])('%j is a usage error', async (flags) => {
    const at = await place();
    expect(await runCli(['runs', 'create', ...flags], at)).toMatchObject({ code: 2, stdout: '' });
    expect(await listed(at, 'all')).toEqual([]);
  });

  test('a flag beats the variable of the other one; two variables contradict each other', async () => {
    const at = await place({ MLFLOW_EXPERIMENT_ID: '0' });
    await create(['--experiment-name', 'a'], at);
    expect(await listed(at)).toHaveLength(1);
    const both = { ...at, env: { MLFLOW_EXPERIMENT_ID: '1', MLFLOW_EXPERIMENT_NAME: 'a' } };
    expect(await runCli(['runs', 'create'], both)).toMatchObject({ code: 3, stdout: '' });
  });

  test('creates an experiment that is missing, under the same artifact root as experiments create', async () => {
    const at = await place({ MLFLOW_ARTIFACT_URI: 's3://bucket/root' });
    const result = await runCli(['runs', 'create', '-n', 'new'], at);
    expect(result.stderr).toContain('creating it');
    const { run_id: id } = JSON.parse(result.stdout) as { run_id: string };
    expect((await describeRun(id, at)).info['artifact_uri']).toMatch(
      /^s3:\/\/bucket\/root\/[0-9a-f]{32}\/[0-9a-f]{32}\/artifacts$/,
    );
  });

  test('a deleted experiment, a deleted parent and missing ones are told apart', async () => {
    const at = await place();
    const parent = await create(['-x', '1'], at);
    await mustRunCli(['runs', 'delete', '--run-id', parent], at);
    expect(await runCli(['runs', 'create', '-x', '1', '--parent-run-id', parent], at)).toMatchObject({
      code: 8,
    });
    expect(await runCli(['runs', 'create', '-x', '1', '--parent-run-id', '0'.repeat(32)], at)).toMatchObject({
      code: 5,
    });
    expect(await runCli(['runs', 'create', '-x', '77'], at)).toMatchObject({ code: 5 });
    await mustRunCli(['experiments', 'delete', '-x', '1'], at);
    expect(await runCli(['runs', 'create', '-n', 'a'], at)).toMatchObject({ code: 8 });
  });
});

describe('--idempotency-key', () => {
  test('a retry gets the same run, set to the status asked for', async () => {
    const at = await place();
    const flags = ['-x', '1', '--idempotency-key', 'it\'s "key"'];
    const id = await create([...flags, '--status', 'failed'], at);
    const again = JSON.parse(
      await mustRunCli(['runs', 'create', ...flags, '--status', 'running', '--output', 'json'], at),
    ) as object;
    expect(again).toMatchObject({ run_id: id, created: false, status: 'RUNNING' });
    expect((await describeRun(id, at)).info['status']).toBe('RUNNING');
    expect(await listed(at)).toEqual([id]);
  });

  test('other keys, other experiments and deleted runs do not count', async () => {
    const at = await place();
    const id = await create(['-x', '1', '--idempotency-key', 'k'], at);
    expect(await create(['-x', '1', '--idempotency-key', 'K'], at)).not.toBe(id);
    expect(await create(['-x', '0', '--idempotency-key', 'k'], at)).not.toBe(id);
    await mustRunCli(['runs', 'delete', '-r', id], at);
    expect(await create(['-x', '1', '--idempotency-key', 'k'], at)).not.toBe(id);
  });

  test('of several with one key the earliest start is taken, then the lower id', async () => {
    const at = await place();
    const ids = [];
    for (const key of ['1', '2', '3']) ids.push(await create(['-x', '1', '--idempotency-key', key], at));
    changeDatabase(at.cwd, "UPDATE tags SET value = 'k' WHERE key = 'mlstow.idempotencyKey'");
    changeDatabase(at.cwd, 'UPDATE runs SET start_time = 5000');
    const [lowest = ''] = [...ids].sort();
    expect(await create(['-x', '1', '--idempotency-key', 'k'], at)).toBe(lowest);
    const last = [...ids].sort().at(-1) ?? '';
    changeDatabase(at.cwd, `UPDATE runs SET start_time = 4000 WHERE run_uuid = '${last}'`);
    expect(await create(['-x', '1', '--idempotency-key', 'k'], at)).toBe(last);
  });

  test('airflow: every try of a task instance shares a run, mapped ones have their own', async () => {
    const at = await place(AIRFLOW);
    const second = { ...at, env: { ...AIRFLOW, AIRFLOW_CTX_TRY_NUMBER: '2' } };
    const other = { ...at, env: { ...AIRFLOW, AIRFLOW_CTX_TASK_ID: 'evaluate' } };
    const flags = ['-x', '1', '--allow-local', '--idempotency-key'];
    const id = await create([...flags, 'airflow'], at);
    expect(await create([...flags, 'airflow'], second)).toBe(id);
    expect((await describeRun(id, at)).data.tags).toMatchObject({
      'airflow.dag_id': 'my dag',
      'airflow.task_id': 'train',
      'airflow.dag_run_id': 'scheduled__2026-01-01T00:00:00+00:00',
      'airflow.try_number': '2',
    });
    const ids = [id, await create([...flags, 'airflow'], other)];
    for (const index of ['0', '1']) ids.push(await create([...flags, `airflow:${index}`], at));
    expect(new Set(ids).size).toBe(4);
  });

  test('airflow outside of Airflow is refused', async () => {
    const at = await place();
    const result = await runCli(['runs', 'create', '-x', '1', '--idempotency-key', 'airflow'], at);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('AIRFLOW_CTX_DAG_ID');
  });
});

test('under Airflow records in a temporary directory are refused before a run is made', async () => {
  const at = await place();
  const env = { ...AIRFLOW, MLFLOW_TRACKING_URI: `sqlite:///${at.cwd}/mlflow.db` };
  expect(await runCli(['runs', 'create', '-x', '1'], { ...at, env })).toMatchObject({ code: 3, stdout: '' });
  expect(await listed(at)).toEqual([]);
});
