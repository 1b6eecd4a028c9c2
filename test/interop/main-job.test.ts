import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { CONFIGURATIONS, type Configuration } from './configurations.ts';
import { exchange, type Exchange } from './exchange.ts';
import { askMlstow, mustRunMlstow, type Place } from './mlstow-command.ts';
import { makeTrees, SAMPLE_TREES } from './sample-trees.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

let source = '';
let single = '';
/** The trees by name, as they are on disk. */
const trees: Record<string, Tree> = {};
let singleTree: Tree = {};

beforeAll(async () => {
  source = await bedFolder('main-job');
  single = join(source, 'single file.txt');
  await writeFile(single, 'logged on its own\n');
  singleTree = await treeOf(single);
  await makeTrees(SAMPLE_TREES, source);
  for (const { name } of SAMPLE_TREES) trees[name] = await treeOf(join(source, name));
});

afterAll(async () => rm(source, { recursive: true }));

function below(tree: Tree, folder: string): Tree {
  const start = `${folder}/`;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([path]) => path.startsWith(start))
      .map(([path, what]) => [path.slice(start.length), what]),
  );
}

describe.each(CONFIGURATIONS)('with $name', ({ start, artifactsIn }) => {
  let at: Configuration;
  let place: Place;
  let done: Exchange;
  const ownFolders = artifactsIn === 'local';

  beforeAll(async () => {
    at = await start();
    place = { cwd: at.dir, env: at.env };
    const folders = Object.fromEntries(SAMPLE_TREES.map(({ name }) => [name, join(source, name)]));
    done = await exchange(at, folders, single);
  });

  afterAll(async () => at.stop());

  /** A tree as this configuration keeps it. */
  function kept(name: string): Tree {
    const tree = trees[name] ?? {};
    return ownFolders
      ? tree
      : Object.fromEntries(Object.entries(tree).filter(([path]) => path !== 'empty-folder'));
  }

  test('the stock client finds the experiment and the run that mlstow made', () => {
    const { ours, oursToThem } = done;
    expect(oursToThem).toMatchObject({
      runId: ours.runId,
      experimentId: ours.experimentId,
      experimentName: 'made by mlstow',
      status: 'FINISHED',
    });
    expect(oursToThem.artifactUri).toBe(`${oursToThem.location}/${ours.runId}/artifacts`);
  });

  test('both get the same kind of location for a new experiment', () => {
    const { ours, theirs, oursToThem } = done;
    // The folder's random name may hold the digits of the id too.
    const generic = (location: string, id: string): string =>
      location.endsWith(`/${id}`) ? `${location.slice(0, -id.length)}<id>` : location;
    expect(generic(oursToThem.location, ours.experimentId)).toBe(
      generic(theirs.location, theirs.experimentId),
    );
  });

  test.each(SAMPLE_TREES)('the stock client lists and downloads the tree $name', ({ name }) => {
    const { downloaded, listed } = done.oursToThem;
    expect(below(downloaded, name)).toEqual(kept(name));
    expect(Object.entries(below(downloaded, name)).length).toBeGreaterThan(3);
    for (const [path, size] of Object.entries(sizesOf(kept(name))))
      expect([path, listed[`${name}/${path}`]]).toEqual([path, size]);
  });

  test.each(SAMPLE_TREES)('mlstow lists and downloads the tree $name of the stock client', ({ name }) => {
    const { downloaded, listed } = done.theirsToUs;
    expect(filesOf(below(downloaded, name))).toEqual(filesOf(trees[name] ?? {}));
    for (const [path, size] of Object.entries(sizesOf(filesOf(trees[name] ?? {})))) {
      expect([path, listed[`${name}/${path}`]]).toEqual([path, size]);
    }
  });

  test('a single file goes to the root or into the folder asked for, on both sides', () => {
    for (const { downloaded } of [done.oursToThem, done.theirsToUs]) {
      expect(downloaded['single file.txt']).toBe(singleTree['']);
      expect(downloaded['in/a folder/single file.txt']).toBe(singleTree['']);
    }
  });

  test('nothing but what was logged is listed or downloaded', () => {
    const { oursToThem, theirsToUs } = done;
    expect(oursToThem.listed).toEqual(sizesOf(oursToThem.downloaded));
    // A recursive listing names folders only where the store has folders of its own.
    const downloaded = ownFolders ? theirsToUs.downloaded : filesOf(theirsToUs.downloaded);
    expect(theirsToUs.listed).toEqual(sizesOf(downloaded));
    for (const { downloaded: tree } of [oursToThem, theirsToUs]) {
      const tops = new Set(Object.keys(tree).map((path) => path.split('/')[0]));
      expect([...tops].sort()).toEqual(['in', 'mixed', 'model', 'single file.txt']);
    }
  });

  test('an empty folder is kept, or mlstow says that it is not', () => {
    expect(/1 empty folder is not kept/.test(done.said['mixed'] ?? '')).toBe(!ownFolders);
    expect(done.said['model']).not.toContain('not kept');
  });

  test('what mlstow prints with -q is where the stock client says the run is', async () => {
    const location = (await askMlstow(['resolve', done.theirs.runId], place)).trim();
    const resolved = (await askMlstow(['resolve', done.theirs.artifactUri], place)).trim();
    expect(location).toBe(resolved);
    const { runId, singleUri } = done.ours;
    expect(singleUri.startsWith(`${await askMlstow(['resolve', runId], place)}/single`)).toBe(true);
    const file = await askMlstow(
      ['artifacts', 'download', '-u', singleUri, '-d', join(at.dir, 'by-uri')],
      place,
    );
    expect(await treeOf(file)).toEqual(singleTree);
  });

  test.each([
    { what: 'one folder', ask: ['-a', 'model'], path: 'model', folder: 'model' },
    { what: 'the contents of a folder', ask: ['-a', 'model/'], path: '', folder: 'model' },
    {
      what: 'one file',
      ask: ['-a', 'mixed/table.csv.gz'],
      path: 'table.csv.gz',
      folder: 'mixed/table.csv.gz',
    },
  ])('mlstow downloads $what of the run of the stock client', async ({ ask, path, folder }) => {
    const target = join(at.dir, 'parts');
    const { stdout } = await mustRunMlstow(
      ['artifacts', 'download', '-r', done.theirs.runId, ...ask, '-d', target],
      place,
    );
    const local = join(target, path);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(local);
    expect(await treeOf(local)).toEqual(await treeOf(join(source, folder)));
    await rm(target, { recursive: true });
  });

  test('standard input is logged under the name given and comes back', async () => {
    const { runId } = done.ours;
    await mustRunMlstow(['artifacts', 'log', '-', '--name', 'piped.sql', '-r', runId, '-a', 'dump'], {
      ...place,
      input: 'select 1;\n',
    });
    const { stdout } = await mustRunMlstow(
      ['artifacts', 'download', '-r', runId, '-a', 'dump/piped.sql', '--output', 'json'],
      place,
    );
    const { local_path: file } = JSON.parse(stdout) as { readonly local_path: string };
    expect(await readFile(file, 'utf8')).toBe('select 1;\n');
    await rm(join(file, '..'), { recursive: true });
  });
});
