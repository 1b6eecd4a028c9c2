import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { DIFFERENT, SHARED } from './artifacts-commands.ts';
import { runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { treeOf } from './tree-of.ts';

const SCRIPT = `
from click.testing import CliRunner
from mlflow.store.artifact.cli import commands

def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

directory = asked["dir"]
source = os.path.join(directory, "source")
put(f"{source}/notes.txt", "note")
put(f"{source}/größe \\"x\\".txt", "ü")
put(f"{source}/empty.bin", "")
put(f"{source}/model/MLmodel", "flavors: {}")
put(f"{source}/model/deep/file.txt", "deep")
os.makedirs(f"{source}/hollow")
experiment = client.create_experiment("both", artifact_location=os.path.join(directory, "artifacts"))

def pair():
    run, bare = (client.create_run(experiment).info for _ in range(2))
    client.log_artifacts(run.run_id, source)
    model = client.create_logged_model(experiment, name="logged", source_run_id=run.run_id)
    client.log_model_artifacts(model.model_id, f"{source}/model")
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run.run_id, [mlflow.entities.LoggedModelOutput(model.model_id, 0)])
    return {"run": run.run_id, "bare": bare.run_id, "uri": run.artifact_uri, "bareUri": bare.artifact_uri,
        "model": model.model_id, "source": source}

names = {side: pair() for side in ["theirs", "ours", "theirs-different", "ours-different"]}
client.create_registered_model("registered")
client.create_model_version("registered", names["theirs"]["uri"] + "/model", names["theirs"]["run"])
client.set_registered_model_alias("registered", "best", "1")

def run_all(side, lines):
    os.chdir(os.path.join(directory, side))
    results = []
    for args in lines:
        for name, value in names[side].items():
            args = [arg.replace("{" + name + "}", value) for arg in args]
        result = CliRunner().invoke(commands, args)
        results.append([result.exit_code, result.stdout])
    return results

answer = {"names": names, "shared": run_all("theirs", asked["shared"]), "different": run_all("theirs-different", asked["different"])}
`;

type Side = 'theirs' | 'ours' | 'theirs-different' | 'ours-different';
type Result = readonly [code: number, stdout: string];

let dir = '';
let env: Readonly<Record<string, string>> = {};
let names: Readonly<Record<Side, Readonly<Record<string, string>>>>;
let theirs: { readonly shared: readonly Result[]; readonly different: readonly Result[] };
const ours: { shared: Result[]; different: Result[] } = { shared: [], different: [] };

/** Output without what is another's on each side: ids, working and temporary folders. */
function lasting(side: Side, [code, stdout]: Result): Result {
  const own = Object.entries(names[side]).sort((a, b) => b[1].length - a[1].length);
  const named = own.reduce((text, [name, value]) => text.replaceAll(value, `{${name}}`), stdout);
  const temporary = new RegExp(`${join(dir, 'tmp')}/[\\w-]+`, 'g');
  return [code, named.replaceAll(join(dir, side), '{cwd}').replace(temporary, '{tmp}')];
}

async function runOurs(side: Side, commands: readonly (readonly string[])[]): Promise<Result[]> {
  const results: Result[] = [];
  const fill = (arg: string): string =>
    Object.entries(names[side]).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), arg);
  for (const args of commands) {
    const place = { cwd: join(dir, side), env };
    const { code, stdout } = await runMlstow(['artifacts', ...args.map(fill)], place);
    results.push([code, stdout]);
  }
  return results;
}

beforeAll(async () => {
  dir = await bedFolder('artifacts-text');
  for (const folder of ['theirs', 'ours', 'theirs-different', 'ours-different', 'tmp']) {
    await mkdir(join(dir, folder));
  }
  env = { MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`, TMPDIR: join(dir, 'tmp') };
  const different = DIFFERENT.map(({ args }) => args);
  const stock = await askStock<typeof theirs & { names: typeof names }>({ dir, env }, SCRIPT, {
    dir,
    shared: SHARED,
    different,
  });
  ({ names } = stock);
  theirs = stock;
  ours.shared = await runOurs('ours', SHARED);
  ours.different = await runOurs('ours-different', different);
});

afterAll(async () => rm(dir, { recursive: true }));

describe('the same words as mlflow', () => {
  test.each(SHARED.map((args, index) => ({ index, line: args.join(' ') })))('$line', ({ index }) => {
    expect(lasting('ours', ours.shared[index] ?? [-1, ''])).toEqual(
      lasting('theirs', theirs.shared[index] ?? [-2, '']),
    );
  });

  test('and the same files: downloaded, and in the run', async () => {
    // This folder is the home as well, where the notes of interrupted transfers are kept.
    const found = Object.entries(await treeOf(join(dir, 'ours')));
    const downloaded = Object.fromEntries(found.filter(([path]) => !path.startsWith('.local')));
    // MLflow 3.17 puts a note of its own among a model's files; 3.18 does no more.
    const stock = Object.entries(await treeOf(join(dir, 'theirs')));
    const files = stock.filter(([path]) => !path.endsWith('/registered_model_meta'));
    expect(downloaded).toEqual(Object.fromEntries(files));
    expect(Object.keys(downloaded).length).toBeGreaterThan(30);
    const logged = await treeOf(names.ours['bareUri'] ?? '');
    expect(logged).toEqual(await treeOf(names.theirs['bareUri'] ?? ''));
    expect(logged['tree/hollow']).toBe('folder');
  });
});

describe('differences that are meant', () => {
  test.each(DIFFERENT.map((each, index) => ({ ...each, index, line: each.args.join(' ') })))(
    '$line: $reason',
    ({ index, ...meant }) => {
      expect(lasting('theirs-different', theirs.different[index] ?? [-1, ''])).toEqual(meant.theirs);
      expect(lasting('ours-different', ours.different[index] ?? [-1, ''])).toEqual(meant.ours);
    },
  );

  test('only what mlstow says it logged is in the run', async () => {
    expect(await treeOf(names['ours-different']['bareUri'] ?? '')).toEqual({
      sub: 'folder',
      'sub/notes.txt': (await treeOf(join(dir, 'source/notes.txt')))[''],
    });
  });

  test('nothing is made for a download that fails', async () => {
    expect(
      Object.keys(await treeOf(join(dir, 'ours-different'))).filter((path) => path.startsWith('x')),
    ).toEqual([]);
  });
});
