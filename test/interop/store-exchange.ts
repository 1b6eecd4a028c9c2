import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { ArtifactStore, Removal } from '../../src/artifacts/store.ts';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

export type Files = Readonly<Record<string, Uint8Array>>;

/** A folder `model` that mlstow and the stock client log to one run, to `model` and to `stock`. */
export interface StoreExchange {
  readonly place: Place;
  /** Of the experiment. */
  readonly location: string;
  readonly source: string;
  readonly tree: Tree;
  readonly run: string;
}

const MODEL: Files = {
  MLmodel: Buffer.from('flavors: {}\n'),
  empty: Buffer.alloc(0),
  'deep/er/Größe 100%.bin': Buffer.alloc(3_000_000, 'odd '),
};

/** Names and sizes for a whole run: folders, odd characters, nothing in a file. */
export const RUN_FILES: Files = {
  'model/MLmodel': Buffer.from('flavors: {}\n'),
  'model/data/weights.bin': pattern(400_000),
  'model/data/deep/er/x': Buffer.from('x'),
  'größe ü/two words.txt': Buffer.from('two words'),
  '100%25 (1).txt': Buffer.from('percent'),
  empty: Buffer.alloc(0),
};

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

/** Writes the model, with `more` files, and makes an experiment at a location, and a run. */
export async function startExchange(
  place: Place,
  location: string,
  more: Files = {},
): Promise<StoreExchange> {
  const source = join(place.cwd, 'model');
  await writeFiles(source, { ...MODEL, ...more });
  await mustRunMlstow(['experiments', 'create', '-n', 'exchange', '--artifact-location', location], place);
  const run = await askMlstow(['runs', 'create', '--experiment-name', 'exchange'], place);
  return { place, location, source, tree: await treeOf(source), run };
}

/** mlstow lists and verifies, by the run, and downloads, by the URI, what it logged. `order`: that of the listing's paths. */
export async function expectOursRead(at: StoreExchange, order: 'path' | 'none' = 'none'): Promise<void> {
  const { place, run, tree } = at;
  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-R', '--output', 'json'], place);
  const { items } = JSON.parse(stdout) as { items: { path: string; is_dir: boolean }[] };
  const files = items.filter((item) => !item.is_dir).map(({ path }) => path);
  const expected = Object.keys(filesOf(tree)).map((path) => `model/${path}`);
  expect(order === 'path' ? files : files.toSorted()).toEqual(expected.toSorted());
  await mustRunMlstow(['artifacts', 'verify', '-r', run, '-a', 'model', '--against', at.source], place);
  const uri = `${at.location}/${run}/artifacts/model`;
  await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'ours'], place);
  expect(await treeOf(join(place.cwd, 'ours', 'model'))).toEqual(tree);
}

/** The stock client lists and downloads what mlstow logged, and removes `model/deep`, which mlstow then misses there. */
export async function expectOursReadByStock({ place, run, tree }: StoreExchange): Promise<void> {
  const script = `
run = asked["run"]
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
before = sizes(run)
client.download_artifacts(run, "model", asked["to"])
get_artifact_repository(client.get_run(run).info.artifact_uri).delete_artifacts("model/deep")
answer = {"before": before, "after": sizes(run)}
`;
  const to = join(place.cwd, 'theirs');
  await mkdir(to);
  const { before, after } = await askStock<Record<'before' | 'after', Record<string, number>>>(
    { dir: place.cwd, env: place.env },
    script,
    { run, to },
  );
  const sizes = Object.entries(sizesOf(tree)).map(([path, size]) => [`model/${path}`, size] as const);
  expect(before).toEqual({ model: -1, ...Object.fromEntries(sizes) });
  expect(await treeOf(join(to, 'model'))).toEqual(tree);
  const kept = sizes.filter(([path]) => !path.startsWith('model/deep'));
  expect(after).toEqual({ model: -1, ...Object.fromEntries(kept) });
  const ask = ['artifacts', 'verify', '-r', run, '-a', 'model', '--against', join(to, 'model')];
  const verdict = await runMlstow(ask, place);
  const gone = Object.keys(filesOf(tree))
    .filter((path) => path.startsWith('deep/'))
    .toSorted();
  expect(verdict).toMatchObject({ code: 4 });
  expect(verdict.stdout.trimEnd().split('\n')).toEqual(gone.map((path) => `missing there    model/${path}`));
}

/** The stock client logs the model to `stock`. */
export async function logByStock({ place, run, source }: StoreExchange): Promise<void> {
  const script = `client.log_artifacts(asked["run"], asked["source"], "stock")\nanswer = True`;
  await askStock({ dir: place.cwd, env: place.env }, script, { run, source });
}

/** mlstow lists the top of what the stock client logged, verifies it, and downloads it, by the run. */
export async function expectTheirsRead(at: StoreExchange, order: 'path' | 'none' = 'none'): Promise<void> {
  const { place, run, tree } = at;
  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-a', 'stock'], place);
  const paths = (JSON.parse(stdout) as { path: string }[]).map(({ path }) => path);
  const top = Object.keys(tree).filter((path) => !path.includes('/'));
  const expected = top.map((path) => `stock/${path}`).toSorted();
  expect(order === 'path' ? paths : paths.toSorted()).toEqual(expected);
  const asked = ['-r', run, '-a', 'stock'];
  await mustRunMlstow(['artifacts', 'verify', ...asked, '--against', at.source], place);
  await mustRunMlstow(['artifacts', 'download', ...asked, '-d', 'back'], place);
  expect(await treeOf(join(place.cwd, 'back', 'stock'))).toEqual(tree);
}

/** Everything of a run, downloaded and verified by mlstow in a folder that is removed again. */
export async function downloadRun(place: Place, runId: string): Promise<Tree> {
  const target = join(place.cwd, 'ours');
  await mkdir(target);
  await mustRunMlstow(['artifacts', 'download', '-r', runId, '-d', target], place);
  await mustRunMlstow(['artifacts', 'verify', '-r', runId, '--against', target], place);
  const found = await treeOf(target);
  await rm(target, { recursive: true });
  return found;
}

/** Everything that a store holds, ready to be removed: what is in a directory before the directory. */
export async function removalsOf(store: ArtifactStore): Promise<readonly Removal[]> {
  const removals: Removal[] = [];
  for await (const page of store.list('', { recursive: true }, { signal: new AbortController().signal })) {
    for (const { path, kind } of page)
      removals.push({ path, kind: kind === 'directory' ? 'directory' : 'file' });
  }
  return removals.toReversed();
}
