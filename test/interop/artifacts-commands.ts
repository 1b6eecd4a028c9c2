/**
 * What both commands are given, in this order: `{run}` is a run with artifacts, `{uri}` its artifact URI, `{bare}` a run
 * without, `{model}` a logged model, `{source}` the folder that was logged.
 */
export const SHARED: readonly (readonly string[])[] = [
  ['list', '-r', '{run}'],
  ['list', '--run-id', '{run}', '--artifact-path', 'model'],
  ['list', '-r', '{run}', '-a', 'model/deep'],
  ['list', '-r', '{run}', '-a', 'model/'],
  ['list', '-r', '{run}', '-a', 'notes.txt'],
  ['list', '-r', '{run}', '-a', 'missing'],
  ['list', '-r', '{bare}'],
  ['download', '-r', '{run}', '-d', 'all'],
  ['download', '--run-id', '{run}', '--artifact-path', 'model', '--dst-path', 'one folder'],
  ['download', '-r', '{run}', '-a', 'model/', '-d', 'contents'],
  ['download', '-r', '{run}', '-a', 'model/deep/file.txt', '-d', 'file'],
  ['download', '-r', '{run}', '-a', 'notes.txt', '-d', 'made/for/it'],
  ['download', '-r', '{run}', '-a', 'model'],
  ['download', '-r', '{run}', '-a', 'model/deep/file.txt'],
  ['download', '-u', 'runs:/{run}/model', '-d', 'runs-folder'],
  ['download', '-u', 'runs:/{run}/model/MLmodel', '-d', 'runs-file'],
  ['download', '-u', 'runs:/{run}/logged', '-d', 'runs-logged-model'],
  ['download', '-u', '{uri}/model', '-d', 'path-folder'],
  ['download', '-u', 'file://{uri}/model', '-d', 'file-folder'],
  ['download', '--artifact-uri', '{uri}/notes.txt', '-d', 'path-file'],
  ['download', '-u', '{uri}', '-d', 'path-all'],
  ['download', '-u', 'runs:/{run}/notes.txt', '-r', 'ignored', '-a', 'ignored', '-d', 'uri-wins'],
  ['download', '-u', 'runs:/{run}/model', '-r', 'ignored', '-a', 'ignored/', '-d', 'uri-wins-again'],
  ['download', '-u', 'models:/{model}', '-d', 'logged-model'],
  ['download', '-u', 'models:/registered/1', '-d', 'version'],
  ['download', '-u', 'models:/registered@best', '-d', 'alias'],
  ['download', '-u', 'models:/registered/1/deep/file.txt', '-d', 'version-file'],
  ['download', '-u', 'models:/registered/1/deep', '-d', 'version-folder'],
  ['download', '-r', '{bare}', '-d', 'bare'],
  ['log-artifact', '-l', '{source}/notes.txt', '-r', '{bare}'],
  ['log-artifact', '--local-file', '{source}/notes.txt', '--run-id', '{bare}', '--artifact-path', 'in/side'],
  ['log-artifacts', '-l', '{source}', '-r', '{bare}', '-a', 'tree'],
  ['log-artifacts', '--local-dir', '{source}/model', '--run-id', '{bare}'],
  ['log-artifacts', '-l', '{source}/model/', '-r', '{bare}', '-a', 'slashed'],
  ['list', '-r', '{bare}'],
  ['list', '-a', 'model'],
  ['log-artifact', '-l', '{source}/notes.txt'],
  ['log-artifact', '-r', '{bare}'],
  ['log-artifacts', '-r', '{bare}'],
  ['list', '-r'],
  ['download', '--bogus'],
];

export interface Difference {
  readonly args: readonly string[];
  /** Exit code and stdout of mlflow, then of mlstow. */
  readonly theirs: readonly [number, string];
  readonly ours: readonly [number, string];
  readonly reason: string;
}

const MISSING = 'what is missing has an exit code of its own, and no traceback';
const USAGE = 'a wrong command line is exit 2, and no traceback';

/** Where mlstow means to differ, and why; after those above, on runs of their own. */
export const DIFFERENT: readonly Difference[] = [
  {
    args: ['download', '-r', '{run}'],
    theirs: [0, '\n{uri}\n'],
    ours: [0, '\n{tmp}\n'],
    reason: "a caller that tidies up what it got must not delete the store's own files",
  },
  {
    args: ['download', '-u', '{uri}/model'],
    theirs: [0, '\n{uri}/model\n'],
    ours: [0, '\n{tmp}/model\n'],
    reason: "the same: never the store's own path",
  },
  {
    args: ['download', '-u', 'runs:/{run}', '-d', 'runs'],
    theirs: [1, ''],
    ours: [0, '\n{cwd}/runs\n'],
    reason: 'a run is a fine thing to download; mlflow wants a path in it',
  },
  {
    args: ['download', '-r', '{run}', '-a', 'missing', '-d', 'x'],
    theirs: [1, ''],
    ours: [5, ''],
    reason: MISSING,
  },
  {
    args: ['download', '-u', 'runs:/{run}/missing', '-d', 'x'],
    theirs: [1, ''],
    ours: [5, ''],
    reason: MISSING,
  },
  { args: ['download', '-u', '{uri}/missing', '-d', 'x'], theirs: [1, ''], ours: [5, ''], reason: MISSING },
  {
    args: ['download', '-u', 'models:/missing/1', '-d', 'x'],
    theirs: [1, ''],
    ours: [5, ''],
    reason: MISSING,
  },
  {
    args: ['download', '-u', 'dbfs:/x', '-d', 'x'],
    theirs: [1, ''],
    ours: [3, ''],
    reason: 'Databricks is out of scope and said to be',
  },
  {
    args: ['download', '-u', 'models:/{model}/deep', '-d', 'x'],
    theirs: [1, ''],
    ours: [2, ''],
    reason: 'a path below the id of a model cannot be written',
  },
  { args: ['download'], theirs: [1, ''], ours: [2, ''], reason: USAGE },
  { args: ['list', '-r', 'missing'], theirs: [1, ''], ours: [5, ''], reason: MISSING },
  { args: ['list', '-r', '{run}', '-a', '../x'], theirs: [1, ''], ours: [2, ''], reason: USAGE },
  {
    args: ['list', '-r', '{bare}', '-a', ''],
    theirs: [0, '[]\n'],
    ours: [2, ''],
    reason: 'an empty value is an unset shell variable; mlflow lists the whole run',
  },
  {
    args: ['log-artifact', '-l', '{source}/missing', '-r', '{bare}'],
    theirs: [1, ''],
    ours: [5, ''],
    reason: MISSING,
  },
  {
    args: ['log-artifact', '-l', '{source}/model', '-r', '{bare}'],
    theirs: [1, ''],
    ours: [2, ''],
    reason: USAGE,
  },
  {
    args: ['log-artifact', '-l', '{source}/notes.txt', '-r', 'missing'],
    theirs: [1, ''],
    ours: [5, ''],
    reason: MISSING,
  },
  {
    args: ['log-artifact', '-l', '{source}/notes.txt', '-r', '{bare}', '-a', '../x'],
    theirs: [1, ''],
    ours: [2, ''],
    reason: USAGE,
  },
  {
    args: ['log-artifact', '-l', '{source}/notes.txt', '-r', '{bare}', '-a', 'sub/'],
    theirs: [1, ''],
    ours: [0, ''],
    reason: 'a trailing slash is what a shell completes; it means the folder',
  },
  {
    args: ['log-artifacts', '-l', '{source}/missing', '-r', '{bare}'],
    theirs: [0, ''],
    ours: [5, ''],
    reason: 'mlflow says that it logged what does not exist',
  },
  {
    args: ['log-artifacts', '-l', '{source}/empty.bin', '-r', '{bare}'],
    theirs: [0, ''],
    ours: [2, ''],
    reason: 'mlflow says that it logged the file and does not',
  },
];
