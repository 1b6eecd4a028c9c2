import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArtifactStore, Entry } from '../../src/artifacts/store.ts';
import type { Io } from '../../src/core/io.ts';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { bareEnvironment, bedFolder } from '../testbeds/bed.ts';
import { hadoopArguments, startHdfs, type HdfsBed } from '../testbeds/hdfs.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../testbeds/hdfs-store.ts';
import { hdfsNativeClient, STOCK_ON_HDFS } from '../testbeds/hdfs/native-client.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

const io: Io = { signal: new AbortController().signal };
const HOME = '/mlflow';

const FILES: Readonly<Record<string, Buffer>> = {
  'model/MLmodel': Buffer.from('flavors: {}\n'),
  'model/data/weights.bin': pattern(400_000),
  'model/data/deep/er/x': Buffer.from('x'),
  'größe ü/two words.txt': Buffer.from('two words'),
  '100%25 (1).txt': Buffer.from('percent'),
  empty: Buffer.alloc(0),
};

const STOCK = `${STOCK_ON_HDFS}
ours = asked["ours"]
answer = {"listed": sizes(ours)}
os.makedirs(asked["downloads"])
mlflow.artifacts.download_artifacts(run_id=ours, artifact_path="", dst_path=asked["downloads"])
theirs = client.create_run(asked["experiment"]).info
client.log_artifacts(theirs.run_id, asked["tree"])
client.log_artifact(theirs.run_id, asked["single"], "in/a folder")
answer["theirs"] = theirs.run_id
`;

let bed: HdfsBed;
let dir: string;
let tree: string;
let python: string;

const env = () => ({
  MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
  HADOOP_USER_NAME: 'alice',
  HADOOP_CONF_DIR: bed.confDir,
});
const place = () => ({ cwd: dir, env: env() });
const ask = async (...args: string[]) => askMlstow(args, place());

beforeAll(async () => {
  [bed, dir, python] = await Promise.all([startHdfs(), bedFolder('store-hdfs'), hdfsNativeClient()]);
  await makeHome(bed, HOME);
  tree = join(dir, 'tree');
  for (const [name, bytes] of Object.entries(FILES)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), bytes);
  }
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

async function everything(store: ArtifactStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of store.list('', { recursive: true }, io)) entries.push(...page);
  return entries;
}

async function downloaded(runId: string): Promise<Tree> {
  const target = join(dir, 'ours');
  await mkdir(target);
  await mustRunMlstow(['artifacts', 'download', '-r', runId, '-d', target], place());
  const found = await treeOf(target);
  await rm(target, { recursive: true });
  return found;
}

test("MLflow's repository and mlstow read what the other wrote, byte for byte; mlstow deletes it", async () => {
  const location = `hdfs://${bed.authority}${HOME}/one`;
  const experiment = await ask('experiments', 'create', '-n', 'on hdfs', '-l', location);
  const ours = await ask('runs', 'create', '--experiment-id', experiment, '--status', 'running');
  await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', ours], place());
  const asked = { ours, experiment, tree, single: join(tree, 'empty'), downloads: join(dir, 'theirs') };
  const stock = await askStock<{ listed: Readonly<Record<string, number>>; theirs: string }>(
    { dir, env: { ...env(), PYTHONPATH: python } },
    STOCK,
    asked,
  );
  const whole = await treeOf(tree);
  expect(stock.listed).toEqual(sizesOf(whole));
  expect(filesOf(await treeOf(asked.downloads))).toEqual(filesOf(whole));

  const listed = await listWithMlstow({ dir, env: env(), stop: () => bed.stop() }, ['-r', stock.theirs]);
  const files = Object.keys(listed).filter((path) => listed[path] !== -1);
  expect(files.toSorted()).toEqual([...Object.keys(filesOf(whole)), 'in/a folder/empty'].toSorted());
  expect(filesOf(await downloaded(stock.theirs))).toMatchObject(filesOf(whole));

  const artifacts = `${HOME}/one/${stock.theirs}/artifacts`;
  const store = await hdfsStoreAt(bed, artifacts);
  const batch = (await everything(store))
    .toReversed()
    .map(({ path, kind }) => ({ path, kind: kind === 'directory' ? kind : 'file' }) as const);
  expect(await store.remove(batch, io)).toEqual([]);
  expect(await namesBelow(bed, artifacts)).toEqual([]);
  expect(filesOf(await downloaded(ours))).toEqual(filesOf(whole));
});

test("Hadoop's own command reads and writes the same files; its unfinished ones are hidden", async () => {
  const shell = async (...args: string[]) =>
    mustRun('java', [...hadoopArguments(bed.install, bed.confDir, 'org.apache.hadoop.fs.FsShell'), ...args], {
      cwd: dir,
      env: { ...bareEnvironment(dir), HADOOP_USER_NAME: 'alice' },
    });
  await shell('-put', tree, `${HOME}/by-hadoop`);
  await shell('-touchz', `${HOME}/by-hadoop/half._COPYING_`);
  const uri = `hdfs://${HOME}/by-hadoop`;
  const target = join(dir, 'from-hadoop');
  await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', target], place());
  expect(filesOf(await treeOf(join(target, 'by-hadoop')))).toEqual(filesOf(await treeOf(tree)));
  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-R', '-u', uri], place());
  expect(stdout).not.toContain('_COPYING_');
});

test('a location without a host is the default file system; without one it is refused with the way out', async () => {
  const uri = `hdfs://${HOME}/nothing-here-yet`;
  const listed = await runMlstow(['artifacts', 'list', '-u', uri], place());
  expect([0, 5], listed.stderr).toContain(listed.code);
  const { MLFLOW_TRACKING_URI, HADOOP_USER_NAME } = env();
  const bare = { MLFLOW_TRACKING_URI, HADOOP_USER_NAME };
  const refused = await runMlstow(['artifacts', 'list', '-u', uri], { cwd: dir, env: bare });
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('HADOOP_CONF_DIR');
});

test.each([
  'hdfs:relative/path',
  'hdfs://host/a?b',
  'hdfs://host:99999/a',
  'hdfs://host/a/../b',
  'hdfs://nn:8020/run:1',
])('%s is refused with an example of the right form', async (uri) => {
  const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uri], place());
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(/write|remove/);
});
