import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli, type CliResult } from '../cli/run-cli.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { emptyDatabase, runPython } from '../testbeds/mlflow.ts';

/** What both commands are given, in this order; `{a}`, `{b}` and `{none}` are runs of the fixture. */
const SHARED: readonly (readonly string[])[] = [
  ['experiments', 'search'],
  ['experiments', 'search', '-v', 'all'],
  ['experiments', 'search', '--view', 'deleted_only', '--max-results', '1'],
  ['experiments', 'search', '--max-results', '0'],
  ['experiments', 'get', '-x', '1'],
  ['experiments', 'get', '-n', 'Größe "x", 日本'],
  ['experiments', 'get', '--experiment-name', 'plain', '--output', 'table'],
  ['experiments', 'create', '-n', 'new one'],
  ['experiments', 'create', '--experiment-name', 'there', '--artifact-location', 's3://bucket/there'],
  ['experiments', 'create', '-n', 'relative', '-l', 'some/folder', '--trace-archival-retention', '12h'],
  ['experiments', 'search'],
  ['experiments', 'get', '-n', 'relative'],
  ['experiments', 'rename', '-x', '2', '--new-name', 'renamed'],
  ['experiments', 'update', '-x', '2', '--trace-archival-retention', '30d', '--trace-archive-now'],
  ['experiments', 'update', '-x', '2', '--trace-archive-now-older-than', '1d'],
  ['experiments', 'update', '-x', '1', '--clear-trace-archival-retention', '--clear-trace-archive-now'],
  ['experiments', 'update', '-x', '2', '--clear-trace-archival-retention', '--clear-trace-archive-now'],
  ['experiments', 'delete', '-x', '2'],
  ['experiments', 'restore', '-x', '2'],
  ['experiments', 'csv', '-x', '1', '-o', 'out.csv'],
  ['runs', 'list', '--experiment-id', '1'],
  ['runs', 'list', '--experiment-id', '1', '-v', 'all'],
  ['runs', 'list', '--experiment-id', '2'],
  ['runs', 'describe', '--run-id', '{a}'],
  ['runs', 'describe', '--run-id', '{b}'],
  ['runs', 'create', '--experiment-id', '1'],
  ['runs', 'create', '--experiment-id', '1', '--run-name', 'nämed', '-t', 'k=v=w', '--status', 'killed'],
  ['runs', 'create', '--experiment-name', 'made by a run', '--description', 'd', '--parent-run-id', '{a}'],
  ['runs', 'link-traces', '--run-id', '{a}', '-t', 'tr-1', '--trace-id', 'tr-2'],
  ['runs', 'delete', '--run-id', '{b}'],
  ['runs', 'restore', '--run-id', '{b}'],
  ['experiments', 'search', '-v', 'bogus', '--max-results', '-1'],
  ['experiments', 'get'],
  ['experiments', 'update', '-x', '2'],
  ['runs', 'create'],
  ['runs', 'delete'],
];

/** Where mlstow means to differ: its exit code or a part of its output, and why. */
const DIFFERENT: readonly {
  readonly args: readonly string[];
  readonly theirs: { readonly code: number; readonly stdout: string };
  readonly ours: { readonly code: number; readonly stdout: string };
  readonly reason: string;
}[] = [
  {
    args: ['experiments', 'create', '-n', 'there'],
    theirs: { code: 1, stdout: '' },
    ours: { code: 8, stdout: '' },
    reason: 'a refusal has an exit code of its own, and no traceback',
  },
  {
    args: ['experiments', 'get', '-x', '999'],
    theirs: { code: 1, stdout: '' },
    ours: { code: 5, stdout: '' },
    reason: 'what is missing has an exit code of its own',
  },
  {
    args: ['experiments', 'search', '-v', 'bogus'],
    theirs: { code: 1, stdout: '' },
    ours: { code: 2, stdout: '' },
    reason: 'a mistyped flag is a usage error',
  },
  {
    args: ['runs', 'list', '--experiment-id', '999'],
    theirs: { code: 0, stdout: '\n\n' },
    ours: { code: 5, stdout: '' },
    reason: 'a mistyped experiment must not look like an empty one',
  },
  {
    args: ['experiments', 'csv', '-x', '999'],
    theirs: { code: 0, stdout: 'run_id,experiment_id,status,artifact_uri,start_time,end_time\n\n' },
    ours: { code: 5, stdout: '' },
    reason: 'a mistyped experiment must not look like an empty one',
  },
  {
    args: ['runs', 'list', '--experiment-id', '3'],
    theirs: { code: 1, stdout: '' },
    ours: {
      code: 0,
      stdout: [
        `Date    Name      ${'ID'.padEnd(32)}`,
        `------  --------  ${'-'.repeat(32)}`,
        `        timeless  {none}`,
        '',
      ].join('\n'),
    },
    reason: 'mlflow ends in a TypeError when one run has no start time',
  },
  {
    args: ['experiments', 'create', '-n', 'empty', '-l', ''],
    theirs: { code: 0, stdout: "Created experiment 'empty' with id 9\n" },
    ours: { code: 2, stdout: '' },
    reason: 'an empty location is an unset shell variable; mlflow silently uses its default',
  },
];

const FIXTURE_AND_COMMANDS = `
import json, os, shutil, sqlite3, sys
from click.testing import CliRunner
from mlflow.cli import cli
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

commands, fixture, twin = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
client = MlflowClient()
client.create_experiment("Größe \\"x\\", 日本", artifact_location="s3://bucket/größe", tags={"team": "a=b", "x": "y, z"})
client.create_experiment("plain")
client.create_experiment("timeless")
client.create_experiment("gone")
client.delete_experiment("4")
a = client.create_run("1", start_time=1700000000123, run_name="ärger", tags={"note": "line\\nbreak, \\"q\\""}).info.run_id
client.log_batch(a, params=[Param("p", "1,5"), Param("größe", "x")], metrics=[
    Metric("one", 1.0, 1, 0), Metric("tiny", 1.5e-7, 1, 0), Metric("small", 0.0001, 1, 0), Metric("huge", 1e16, 1, 0),
    Metric("large", 123456789012345.0, 1, 0), Metric("nan", float("nan"), 1, 0), Metric("third", 1/3, 1, 0)])
client.log_inputs(a, datasets=[DatasetInput(Dataset("d", "abc", "local", "{}", "s", None), [InputTag("mlflow.data.context", "train")])])
client.set_terminated(a, end_time=1700000001000)
b = client.create_run("1", start_time=1650000000000, run_name="b").info.run_id
none = client.create_run("3", run_name="timeless").info.run_id
deleted = client.create_run("1", start_time=1660000000000, run_name="deleted").info.run_id
client.delete_run(deleted)
with sqlite3.connect(fixture) as database:
    database.execute("UPDATE runs SET start_time = NULL WHERE run_uuid = ?", (none,))
shutil.copyfile(fixture, twin)
names = {"a": a, "b": b, "none": none}
results = []
before = dict(os.environ)
for args in commands:
    for name, value in names.items():
        args = [arg.replace("{" + name + "}", value) for arg in args]
    result = CliRunner().invoke(cli, args)
    os.environ.clear()
    os.environ.update(before)
    results.append({"code": result.exit_code, "stdout": result.stdout})
with open("out.csv", encoding="utf-8", newline="") as file:
    csv = file.read()
print("\\n" + json.dumps({"names": names, "results": results, "csv": csv}))
`;

interface Theirs {
  readonly names: Readonly<Record<string, string>>;
  readonly results: readonly { readonly code: number; readonly stdout: string }[];
  readonly csv: string;
}

function fill(text: string, names: Theirs['names']): string {
  return Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(`{${name}}`, value), text);
}

const NEW_RUN = /"run_id": "[0-9a-f]{32}"/;

/** Output without what is drawn or timed anew by each command: ids of new runs, and the times of new experiments. */
function lasting(stdout: string, args: readonly string[]): string {
  const stable = stdout
    .replace(NEW_RUN, '"run_id": "…"')
    .replace(/^((?:Creation|Last Update) Time +: )\d+$/gm, '$1…');
  // The order of keys within an object is the database's own.
  return args[1] === 'describe'
    ? stable
        .split('\n')
        .map((line) => line.replace(/,$/, ''))
        .sort()
        .join('\n')
    : stable;
}

let folder = '';
let theirs: Theirs;
const ours: CliResult[] = [];

beforeAll(async () => {
  folder = await bedFolder('cli-text');
  const fixture = join(folder, 'theirs.db');
  const twin = join(folder, 'ours.db');
  await emptyDatabase(fixture);
  const all = [...SHARED, ...DIFFERENT.map(({ args }) => args)];
  const env = {
    MLFLOW_TRACKING_URI: `sqlite:///${fixture}`,
    ...(process.env['TZ'] ? { TZ: process.env['TZ'] } : {}),
  };
  const finished = await runPython(FIXTURE_AND_COMMANDS, [JSON.stringify(all), fixture, twin], env, folder);
  if (finished.code !== 0) throw new Error(finished.stderr);
  theirs = JSON.parse(finished.stdout.trimEnd().split('\n').at(-1) ?? '') as Theirs;
  const at = { cwd: folder, env: { MLFLOW_TRACKING_URI: `sqlite:///${twin}` } };
  for (const args of all) {
    ours.push(
      await runCli(
        args.map((arg) => fill(arg, theirs.names)),
        at,
      ),
    );
  }
});

describe('the same words as mlflow', () => {
  test.each(SHARED.map((args, index) => ({ index, args, line: args.join(' ') })))(
    '$line',
    ({ index, args }) => {
      const [mine, stock] = [ours[index], theirs.results[index]];
      expect({ code: mine?.code, stdout: lasting(mine?.stdout ?? '', args) }).toEqual({
        code: stock?.code,
        stdout: lasting(stock?.stdout ?? '', args),
      });
    },
  );
});

describe('differences that are meant', () => {
  test.each(
    DIFFERENT.map((row, index) => ({ ...row, index: SHARED.length + index, line: row.args.join(' ') })),
  )('$line: $reason', ({ index, theirs: stock, ours: mine }) => {
    const told = ours[index];
    expect(theirs.results[index]).toEqual(stock);
    expect({ code: told?.code, stdout: told?.stdout }).toEqual({
      ...mine,
      stdout: fill(mine.stdout, theirs.names),
    });
  });
});

/** Rows of a CSV text as records: mlflow puts the columns of one run in a random order. */
function records(csv: string): readonly Readonly<Record<string, string>>[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\n') rows.push([]);
  }
  const [header = [], ...body] = rows.slice(0, -1);
  return body.map((cells) => Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ''])));
}

test('the CSV of an experiment holds the same cells', async () => {
  const mine = records(await readFile(join(folder, 'out.csv'), 'utf8'));
  const stock = records(theirs.csv);
  expect(stock).toHaveLength(2);
  expect(mine).toEqual(stock);
});

test('experiments get --output json has the fields of mlflow', async () => {
  const args = ['experiments', 'get', '-x', '1', '--output', 'json'];
  const env = { MLFLOW_TRACKING_URI: `sqlite:///${join(folder, 'theirs.db')}` };
  const stock = await runPython(
    'import sys; from mlflow.cli import cli; cli(sys.argv[1:])',
    args,
    env,
    folder,
  );
  const { schema, ...mine } = JSON.parse((await runCli(args, { cwd: folder, env })).stdout) as Record<
    string,
    unknown
  >;
  expect(schema).toBe('mlstow.experiments.get/1');
  expect(mine).toEqual(JSON.parse(stock.stdout));
});
