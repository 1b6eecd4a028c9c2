import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { bareEnvironment, bedFolder } from '../testbeds/bed.ts';
import { hadoopArguments, startHdfs, type HdfsBed } from '../testbeds/hdfs.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../testbeds/hdfs-store.ts';
import { hdfsNativeClient, STOCK_ON_HDFS } from '../testbeds/hdfs/native-client.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { downloadRun, removalsOf, RUN_FILES, writeFiles } from './store-exchange.ts';
import { filesOf, sizesOf, treeOf } from './tree-of.ts';

const io: Io = { signal: new AbortController().signal };
const HOME = '/mlflow';

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
  await writeFiles(tree, RUN_FILES);
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

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
  expect(filesOf(await downloadRun(place(), stock.theirs))).toMatchObject(filesOf(whole));

  const artifacts = `${HOME}/one/${stock.theirs}/artifacts`;
  const store = await hdfsStoreAt(bed, artifacts);
  expect(await store.remove(await removalsOf(store), io)).toEqual([]);
  expect(await namesBelow(bed, artifacts)).toEqual([]);
  expect(filesOf(await downloadRun(place(), ours))).toEqual(filesOf(whole));
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
