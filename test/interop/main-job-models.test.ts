import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIGURATIONS, type Configuration } from './configurations.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

/** Logs and registers two versions of a model as MLflow 3 does: beside the run, not in it. */
const SCRIPT = `
import numpy
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment("models")
X = numpy.arange(40.0).reshape(10, 4)
logged = []
for strength in (1.0, 2.0):
    with mlflow.start_run() as run:
        model = LogisticRegression(C=strength).fit(X, [0, 1] * 5)
        logged.append(mlflow.sklearn.log_model(model, name="classifier", registered_model_name="fraud", pip_requirements=["scikit-learn"],
            serialization_format="cloudpickle", extra_files=[asked["note"]]))
client.set_registered_model_alias("fraud", "champion", "1")
first, second = logged
folders = {}
for name, uri in {"first": first.model_uri, "second": second.model_uri, "champion": "models:/fraud@champion"}.items():
    folders[name] = os.path.join(asked["folder"], name)
    os.makedirs(folders[name])
    mlflow.artifacts.download_artifacts(uri, dst_path=folders[name])
answer = {"folders": folders, "runs": [m.run_id for m in logged], "models": [m.model_id for m in logged],
    "inRun": sizes(first.run_id), "location": client.get_logged_model(first.model_id).artifact_location}
`;

interface Logged {
  readonly folders: Readonly<Record<'first' | 'second' | 'champion', string>>;
  readonly runs: readonly [string, string];
  readonly models: readonly [string, string];
  readonly inRun: Readonly<Record<string, number>>;
  readonly location: string;
}

describe.each(CONFIGURATIONS)('models of the stock client with $name', ({ start, artifactsIn }) => {
  let at: Configuration;
  let place: Place;
  let logged: Logged;
  const stock: Record<string, Tree> = {};

  beforeAll(async () => {
    at = await start();
    place = { cwd: at.dir, env: at.env };
    const folder = join(at.dir, 'stock');
    await mkdir(folder);
    const note = join(at.dir, 'größe 100%.txt');
    await writeFile(note, 'beside the model');
    await mustRunMlstow(['experiments', 'create', '-n', 'models'], place);
    logged = await askStock<Logged>(at, SCRIPT, { folder, note });
    for (const [name, path] of Object.entries(logged.folders)) {
      const tree = Object.entries(await treeOf(path));
      // MLflow 3.17 puts a note of its own among a model's files; 3.18 does no more.
      stock[name] = Object.fromEntries(tree.filter(([file]) => file !== 'registered_model_meta'));
    }
  });

  afterAll(async () => at.stop());

  const WAYS: readonly { readonly uri: string; readonly whose: 'first' | 'second' }[] = [
    { uri: 'models:/fraud/1', whose: 'first' },
    { uri: 'models:/fraud/2', whose: 'second' },
    { uri: 'models:/fraud/latest', whose: 'second' },
    { uri: 'models:/fraud@champion', whose: 'first' },
    { uri: 'models:/{model 0}', whose: 'first' },
    { uri: 'models:/{model 1}', whose: 'second' },
    { uri: 'runs:/{run 0}/classifier/', whose: 'first' },
    { uri: 'runs:/{run 1}/classifier/', whose: 'second' },
  ];

  function fill(uri: string): string {
    return uri
      .replace(/\{run ([01])\}/, (_, index: string) => logged.runs[Number(index)] ?? '')
      .replace(/\{model ([01])\}/, (_, index: string) => logged.models[Number(index)] ?? '');
  }

  test('are kept outside of their run', () => {
    expect(logged.inRun).toEqual({});
    expect(logged.location).toContain(`/models/${logged.models[0]}/artifacts`);
    expect(stock['first']).toEqual(stock['champion']);
    expect(Object.keys(stock['first'] ?? {})).toEqual(
      expect.arrayContaining(['MLmodel', 'model.pkl', 'requirements.txt', 'extra_files/größe 100%.txt']),
    );
    expect(stock['first']).not.toEqual(stock['second']);
  });

  test.each(WAYS)('$uri is downloaded, byte for byte the $whose', async ({ uri, whose }) => {
    const target = join(at.dir, 'ours');
    const local = await askMlstow(['artifacts', 'download', '-u', fill(uri), '-d', target], place);
    expect(local).toBe(target);
    expect(await treeOf(local)).toEqual(stock[whose]);
    await rm(target, { recursive: true });
  });

  test.each(WAYS)('$uri is listed', async ({ uri, whose }) => {
    const tree = artifactsIn === 'local' ? (stock[whose] ?? {}) : filesOf(stock[whose] ?? {});
    expect(await listWithMlstow(at, ['-u', fill(uri).replace(/\/$/, '')])).toEqual(sizesOf(tree));
  });

  test('one file of a model comes alone, whichever way it is named', async () => {
    const ways = [
      'models:/fraud/1/MLmodel',
      'models:/fraud@champion/MLmodel',
      'runs:/{run 0}/classifier/MLmodel',
    ];
    for (const uri of ways) {
      const local = await askMlstow(
        ['artifacts', 'download', '-u', fill(uri), '-d', join(at.dir, 'one')],
        place,
      );
      expect(local).toBe(join(at.dir, 'one', 'MLmodel'));
      expect([uri, (await treeOf(local))['']]).toEqual([uri, stock['first']?.['MLmodel']]);
    }
  });

  test('-r and -a name a logged model of the run, too', async () => {
    const target = join(at.dir, 'by run');
    const download = ['artifacts', 'download', '-r', logged.runs[0], '-a', 'classifier', '-d', target];
    expect(await askMlstow(download, place)).toBe(join(target, 'classifier'));
    expect(await treeOf(join(target, 'classifier'))).toEqual(stock['first']);
  });

  test('resolve tells where a model is and how that was found', async () => {
    const { stdout } = await mustRunMlstow(['resolve', 'models:/fraud@champion'], place);
    expect(stdout).toContain('registered model fraud, version 1');
    expect(await askMlstow(['resolve', 'models:/fraud@champion'], place)).toBe(
      await askMlstow(['resolve', logged.models[0]], place),
    );
  });

  test.each([
    'models:/fraud/3',
    'models:/fraud/Production',
    'models:/nothing/1',
    'models:/m-00000000000000000000000000000000',
    'runs:/{run 0}/missing',
    'models:/fraud/1/missing',
  ])('%s is not found, exit 5', async (uri) => {
    const target = join(at.dir, 'nothing');
    const { code, stdout } = await runMlstow(['artifacts', 'download', '-u', fill(uri), '-d', target], place);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  });

  test('an alias that nobody gave is told', async () => {
    const { code, stdout, stderr } = await runMlstow(
      ['artifacts', 'list', '-u', 'models:/fraud@loser'],
      place,
    );
    // A server answers an unknown alias as an invalid parameter, a database has no such row.
    expect([2, 5]).toContain(code);
    expect(stdout).toBe('');
    expect(stderr).toContain('loser');
  });
});
