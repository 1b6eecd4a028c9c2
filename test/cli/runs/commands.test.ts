import { describe, expect, test } from 'vitest';
import { changeDatabase } from '../change-database.ts';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function place(): Promise<CliPlace> {
  const at = { cwd: await temporaryFolder() };
  await mustRunCli(['experiments', 'create', '-n', 'a', '-l', 's3://b/a'], at);
  return at;
}

/** As many runs as `count`, one per second. */
const MANY = (count: number): string => `
  INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, artifact_uri, experiment_id, user_id)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
  SELECT printf('%032x', i), 'run ' || i, 'FINISHED', 1000 * i, 'active', 's3://b/a/x/artifacts', 1, 'u' FROM n`;

describe('runs list', () => {
  test('pages to the end', async () => {
    const at = await place();
    changeDatabase(at.cwd, MANY(2345));
    const ids = (await mustRunCli(['runs', 'list', '--experiment-id', '1', '-q'], at)).trimEnd().split('\n');
    expect(new Set(ids).size).toBe(2345);
    const table = await mustRunCli(['runs', 'list', '--experiment-id', '1'], at);
    expect(table.trimEnd().split('\n')).toHaveLength(2 + 2345);
  });

  test('shows a run without a start time last, with an empty date', async () => {
    const at = await place();
    changeDatabase(at.cwd, MANY(2));
    changeDatabase(at.cwd, "UPDATE runs SET start_time = NULL WHERE name = 'run 2'");
    const lines = (await mustRunCli(['runs', 'list', '--experiment-id', '1'], at)).trimEnd().split('\n');
    expect(lines[2]).toMatch(/^1970-.* {2}run 1 /);
    expect(lines[3]).toMatch(/^ +run 2 /);
  });

  test('takes the experiment from MLFLOW_EXPERIMENT_ID; none or a missing one fails', async () => {
    const at = await place();
    expect(await runCli(['runs', 'list'], { ...at, env: { MLFLOW_EXPERIMENT_ID: '1' } })).toMatchObject({
      code: 0,
    });
    expect(await runCli(['runs', 'list'], at)).toMatchObject({ code: 2 });
    expect(await runCli(['runs', 'list', '-x', '77'], at)).toMatchObject({ code: 5, stdout: '' });
  });
});

describe('runs get', () => {
  test('--output json is one line with the fields of mlflow', async () => {
    const at = await place();
    changeDatabase(at.cwd, MANY(1));
    const id = '1'.padStart(32, '0');
    changeDatabase(
      at.cwd,
      `INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
       VALUES ('loss', 0.5, 1, 1, 0, '${id}'), ('bad', 0, 1, 1, 1, '${id}')`,
    );
    const line = await mustRunCli(['runs', 'get', '-r', id, '--output', 'json'], at);
    expect(line.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({
      schema: 'mlstow.runs.get/1',
      info: { run_id: id, run_name: 'run 1', start_time: 1000, end_time: null },
      data: { metrics: { loss: 0.5, bad: 'NaN' }, params: {}, tags: {} },
      inputs: { model_inputs: [], dataset_inputs: [] },
      outputs: { model_outputs: [] },
    });
    expect(await mustRunCli(['runs', 'describe', '-r', id], at)).toContain('"bad": NaN');
  });

  test('a missing run is exit 5', async () => {
    expect(await runCli(['runs', 'get', '-r', 'f'.repeat(32)], await place())).toMatchObject({
      code: 5,
      stdout: '',
    });
  });
});

describe('delete, restore, finish, link-traces', () => {
  test('say what they did', async () => {
    const at = await place();
    const id = (await mustRunCli(['runs', 'create', '-x', '1', '-q'], at)).trim();
    expect(await mustRunCli(['runs', 'delete', '--run-id', id], at)).toBe(
      `Run with ID ${id} has been deleted.\n`,
    );
    expect(await mustRunCli(['runs', 'list', '-x', '1', '-v', 'deleted_only', '-q'], at)).toBe(`${id}\n`);
    expect((await runCli(['runs', 'finish', '-r', id], at)).code).not.toBe(0);
    expect(await mustRunCli(['runs', 'restore', '--run-id', id], at)).toBe(
      `Run with id ${id} has been restored.\n`,
    );
    expect(await mustRunCli(['runs', 'link-traces', '--run-id', id, '-t', 'tr-1', '-t', 'tr-2'], at)).toBe(
      `Successfully linked 2 trace(s) to run '${id}'\n`,
    );
  });

  test('link-traces takes 1 to 100 traces', async () => {
    const at = await place();
    const traces = Array.from({ length: 101 }, (_, index) => ['-t', `tr-${index}`]).flat();
    expect(await runCli(['runs', 'link-traces', '-r', 'x', ...traces], at)).toMatchObject({ code: 2 });
    expect(await runCli(['runs', 'link-traces', '-r', 'x'], at)).toMatchObject({ code: 2 });
  });

  test.each(['delete', 'restore', 'get', 'describe'])('no variable names the run for %s', async (verb) => {
    const at = await place();
    const id = (await mustRunCli(['runs', 'create', '-x', '1', '-q'], at)).trim();
    expect(await runCli(['runs', verb], { ...at, env: { MLFLOW_RUN_ID: id } })).toMatchObject({
      code: 2,
      stdout: '',
    });
  });
});
