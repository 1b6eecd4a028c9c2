import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { askMlstow, mustRunMlstow, type Place } from '../interop/mlstow-command.ts';
import { bedFolder, type Bed } from '../testbeds/bed.ts';

/** A file store that gc works on, and that can be put back as it was. Paths are relative to it. */
export interface GcFileGround extends Bed {
  readonly place: Place;
  /** Folders of what is deleted and nobody needs: runs, logged models, an experiment in the trash. */
  readonly going: readonly string[];
  /** What everything else holds, by path. */
  readonly staying: ReadonlyMap<string, string>;
  /** What is in the store now, but for the side file of the lock. */
  contents(): Promise<ReadonlyMap<string, string>>;
  at(path: string): string;
  reset(): Promise<void>;
}

const FILES = ['a.txt', 'dir/b.txt', 'dir/deep/c.txt'];
const STORE = './mlruns';

interface Making {
  readonly place: Place;
  readonly at: (path: string) => string;
  /** The description of a run in a deleted state, and which run and experiment it names. */
  readonly template: { readonly text: string; readonly runId: string; readonly experiment: string };
}

const idOf = (name: string): string => createHash('md5').update(name).digest('hex');

async function put({ at }: Making, path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

async function putRun(making: Making, experiment: string, name: string, isDeleted = true): Promise<string> {
  const { text, runId, experiment: own } = making.template;
  const folder = `${experiment}/${idOf(name)}`;
  const meta = text
    .replaceAll(runId, idOf(name))
    .replace(`/${own}/`, `/${experiment}/`)
    .replace(/^experiment_id:.*$/m, `experiment_id: '${experiment}'`);
  const active = meta
    .replace(/^deleted_time:.*\n/m, '')
    .replace(/^lifecycle_stage:.*$/m, 'lifecycle_stage: active');
  await put(making, `${folder}/meta.yaml`, isDeleted ? meta : active);
  for (const file of FILES) await put(making, `${folder}/artifacts/${file}`, `${name} ${file}`);
  for (const file of ['params/p', 'tags/deep/t', 'metrics/m'])
    await put(making, `${folder}/${file}`, '1 1.0 0');
  return folder;
}

async function putModel(making: Making, experiment: string, name: string): Promise<string> {
  const id = `m-${idOf(name)}`;
  const folder = `${experiment}/models/${id}`;
  const uri = `file://${making.at(folder)}/artifacts`;
  const stage = 'last_updated_timestamp: 5\nlifecycle_stage: deleted';
  const meta = `artifact_location: ${uri}\nexperiment_id: '${experiment}'\n${stage}\nmodel_id: ${id}\n`;
  await put(making, `${folder}/meta.yaml`, meta);
  for (const file of FILES) await put(making, `${folder}/artifacts/${file}`, name);
  return folder;
}

async function putVersion(making: Making, number: number, run: string): Promise<void> {
  const source = `file://${making.at(run)}/artifacts/dir`;
  const meta = `current_stage: None\nname: reg\nsource: ${source}\nversion: ${number}\n`;
  await put(making, `models/reg/version-${number}/meta.yaml`, meta);
}

async function begin(place: Place): Promise<Making> {
  const at = (path: string): string => join(place.cwd, 'mlruns', path);
  await mkdir(at('.'));
  const experiment = await askMlstow(['experiments', 'create', '-n', 'first'], place);
  const runId = await askMlstow(['runs', 'create', '--experiment-id', experiment], place);
  await mustRunMlstow(['runs', 'delete', '--run-id', runId], place);
  const text = await readFile(at(`${experiment}/${runId}/meta.yaml`), 'utf8');
  await rm(at(`${experiment}/${runId}`), { recursive: true });
  return { place, at, template: { text, runId, experiment } };
}

async function fill(making: Making, deleted: number): Promise<readonly string[]> {
  const { place, template } = making;
  const going: string[] = [];
  const { experiment } = template;
  for (let number = 0; number < deleted; number += 1)
    going.push(await putRun(making, experiment, `deleted ${number}`));
  for (let number = 0; number < 20; number += 1) await putRun(making, experiment, `live ${number}`, false);
  for (let number = 0; number < 10; number += 1)
    await putVersion(making, number + 1, await putRun(making, experiment, `needed ${number}`));
  for (let number = 0; number < 5; number += 1)
    going.push(await putModel(making, experiment, `model ${number}`));
  const gone = await askMlstow(['experiments', 'create', '-n', 'gone'], place);
  for (let number = 0; number < 20; number += 1) await putRun(making, gone, `trashed ${number}`, false);
  await mustRunMlstow(['experiments', 'delete', '-x', gone], place);
  return [...going, `.trash/${gone}`];
}

/** Makes a store with so many deleted runs, and fewer that are live, needed by model versions, or in the trash. */
export async function fileGround(deleted: number): Promise<GcFileGround> {
  const dir = await bedFolder('gc');
  const place: Place = { cwd: dir, env: { MLFLOW_TRACKING_URI: STORE, MLFLOW_ALLOW_FILE_STORE: 'true' } };
  const making = await begin(place);
  const going = await fill(making, deleted);
  const [root, saved] = [making.at('.'), join(dir, 'saved')];
  await cp(root, saved, { recursive: true });
  const contents = async (): Promise<ReadonlyMap<string, string>> => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.mlstow-gc.lock'))
      .map((entry) => join(entry.parentPath, entry.name));
    const read = files.map(async (file) => [relative(root, file), await readFile(file, 'utf8')] as const);
    return new Map((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const isGoing = (path: string): boolean => going.some((folder) => path.startsWith(`${folder}/`));
  const staying = new Map([...(await contents())].filter(([path]) => !isGoing(path)));
  return {
    place,
    going,
    staying,
    contents,
    at: making.at,
    reset: async () => {
      await rm(root, { recursive: true });
      await cp(saved, root, { recursive: true });
    },
    stop: () => rm(dir, { recursive: true, force: true }),
  };
}
