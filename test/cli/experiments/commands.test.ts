import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changeDatabase } from '../change-database.ts';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function place(): Promise<CliPlace> {
  const at = { cwd: await temporaryFolder() };
  await mustRunCli(['experiments', 'create', '-n', 'a', '-l', 's3://b/a'], at);
  await mustRunCli(['experiments', 'create', '-n', 'b', '-l', 's3://b/b'], at);
  return at;
}

describe('experiments search', () => {
  test('list is the same command; -q prints one id per line, the newest first', async () => {
    const at = await place();
    expect(await mustRunCli(['experiments', 'list', '-q'], at)).toBe('2\n1\n0\n');
    expect(await mustRunCli(['experiments', 'search', '--max-results', '1', '-q'], at)).toBe('2\n');
    expect(await mustRunCli(['experiments', 'search', '--max-results', '0', '-q'], at)).toBe('');
  });

  test('--output json keeps the list under items, jsonl streams it', async () => {
    const at = await place();
    const json = JSON.parse(await mustRunCli(['experiments', 'search', '--output', 'json'], at)) as {
      items: object[];
    };
    expect(json).toMatchObject({ schema: 'mlstow.experiments.search/1' });
    expect(json.items[1]).toMatchObject({
      experiment_id: '1',
      name: 'a',
      artifact_location: 's3://b/a',
      tags: {},
    });
    const lines = (await mustRunCli(['experiments', 'search', '--output', 'jsonl'], at))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { experiment_id?: string }).experiment_id)).toEqual([
      '2',
      '1',
      '0',
      undefined,
    ]);
  });

  test.each([
    ['--view', 'every'],
    ['--max-results', '-1'],
    ['--max-results', 'x'],
  ])('%s %s is a usage error', async (flag, value) => {
    expect(await runCli(['experiments', 'search', `${flag}=${value}`], await place())).toMatchObject({
      code: 2,
    });
  });

  test('reading creates nothing', async () => {
    const cwd = await temporaryFolder();
    expect((await runCli(['experiments', 'search'], { cwd })).code).not.toBe(0);
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('delete, restore, rename, update', () => {
  test('say what mlflow says and -q the id', async () => {
    const at = await place();
    expect(await mustRunCli(['experiments', 'delete', '-x', '1'], at)).toBe(
      'Experiment with ID 1 has been deleted.\n',
    );
    expect(await runCli(['experiments', 'delete', '-x', '1'], at)).toMatchObject({ code: 5, stdout: '' });
    expect(await mustRunCli(['experiments', 'restore', '-x', '1', '-q'], at)).toBe('1\n');
    expect(await mustRunCli(['experiments', 'rename', '-x', '1', '--new-name', 'c d'], at)).toBe(
      "Experiment with id 1 has been renamed to 'c d'.\n",
    );
    expect(await runCli(['experiments', 'rename', '-x', '1', '--new-name', 'b'], at)).toMatchObject({
      code: 8,
    });
  });

  test.each([
    [[]],
    [['--trace-archive-now', '--clear-trace-archive-now']],
    [['--trace-archive-now', '--trace-archive-now-older-than', '1d']],
    [['--trace-archival-retention', '1d', '--clear-trace-archival-retention']],
    [['--trace-archive-now-older-than', '1 week']],
  ])('update with %j is a usage error', async (flags) => {
    expect(await runCli(['experiments', 'update', '-x', '1', ...flags], await place())).toMatchObject({
      code: 2,
    });
  });

  test('get wants exactly one of id and name', async () => {
    const at = await place();
    expect(await runCli(['experiments', 'get'], at)).toMatchObject({ code: 2 });
    expect(await runCli(['experiments', 'get', '-x', '1', '-n', 'a'], at)).toMatchObject({ code: 2 });
    expect(await runCli(['experiments', 'get', '-n', 'nobody'], at)).toMatchObject({ code: 5, stdout: '' });
    expect(await runCli(['experiments', 'get', '-x', '99'], at)).toMatchObject({ code: 5, stdout: '' });
  });
});

describe('experiments csv', () => {
  test('has a column for every tag of any run, and quotes what needs it', async () => {
    const at = await place();
    await mustRunCli(['runs', 'create', '-x', '1', '-t', 'x=say "hi", twice', '--run-name', 'one'], at);
    await mustRunCli(['runs', 'create', '-x', '1', '-t', 'y=2', '--run-name', 'two'], at);
    changeDatabase(at.cwd, 'UPDATE runs SET start_time = NULL, end_time = 1700000000000');
    const csv = await mustRunCli(['experiments', 'csv', '-x', '1'], at);
    const [header = '', ...rows] = csv.trimEnd().split('\n');
    expect(header).toMatch(/^run_id,experiment_id,status,artifact_uri,start_time,end_time,tags\./);
    expect(header.split(',')).toContain('tags.x');
    expect(header.split(',')).toContain('tags.y');
    expect(rows).toHaveLength(2);
    expect(rows.join('\n')).toContain('"say ""hi"", twice"');
    for (const row of rows) expect(row).toContain(',,2023-11-14 22:13:20+00:00,');
  });

  test('writes a file whole or not at all', async () => {
    const at = await place();
    await mustRunCli(['runs', 'create', '-x', '1'], at);
    const out = ['experiments', 'csv', '-x', '1', '-o'];
    expect(await mustRunCli([...out, 'runs.csv'], at)).toBe(
      'Experiment with ID 1 has been exported as a CSV to file: runs.csv.\n',
    );
    expect((await readFile(join(at.cwd, 'runs.csv'), 'utf8')).split('\n')).toHaveLength(3);
    expect(await runCli([...out, 'no/such/folder.csv'], at)).toMatchObject({ code: 5 });
    expect(await runCli(['experiments', 'csv', '-x', '77', '-o', 'other.csv'], at)).toMatchObject({
      code: 5,
    });
    expect((await readdir(at.cwd)).filter((name) => name.includes('csv'))).toEqual(['runs.csv']);
  });

  test('--output json gives the rows as items', async () => {
    const at = await place();
    await mustRunCli(['runs', 'create', '-x', '1', '--run-name', 'one'], at);
    const json = JSON.parse(
      await mustRunCli(['experiments', 'csv', '-x', '1', '--output', 'json'], at),
    ) as object;
    expect(json).toMatchObject({
      experiment_id: '1',
      runs: 1,
      items: [{ status: 'FINISHED', 'tags.mlflow.runName': 'one' }],
    });
  });
});
