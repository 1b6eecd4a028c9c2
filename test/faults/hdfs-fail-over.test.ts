import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { proves } from '../conformance/proves.ts';
import { askMlstow, mustRunMlstow } from '../interop/mlstow-command.ts';
import { filesOf, treeOf } from '../interop/tree-of.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { startHaPair, type HaBed } from '../testbeds/hdfs/ha-pair.ts';
import { SUPERUSER } from '../testbeds/hdfs.ts';

let bed: HaBed;
let dir: string;
let tree: string;

beforeAll(async () => {
  [bed, dir] = await Promise.all([startHaPair(), bedFolder('hdfs-fail-over')]);
  tree = join(dir, 'tree');
  await mkdir(join(tree, 'deep'), { recursive: true });
  await writeFile(join(tree, 'deep', 'weights.bin'), pattern(300_000));
  await writeFile(join(tree, 'MLmodel'), 'flavors: {}');
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

const place = () => ({
  cwd: dir,
  env: {
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
    HADOOP_USER_NAME: SUPERUSER,
    HADOOP_CONF_DIR: bed.confDir,
  },
});

async function roundTrip(name: string): Promise<string> {
  const location = `${bed.service}/${name}`;
  const experiment = await askMlstow(['experiments', 'create', '-n', name, '-l', location], place());
  const run = await askMlstow(
    ['runs', 'create', '--experiment-id', experiment, '--status', 'running'],
    place(),
  );
  await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', run], place());
  return run;
}

async function expectWhole(run: string, name: string): Promise<void> {
  const target = join(dir, name);
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], place());
  expect(filesOf(await treeOf(target))).toEqual(filesOf(await treeOf(tree)));
}

test('a standby sends nobody away: the active name node is found, after a hand-over and after a death', async (context) => {
  const first = await roundTrip('first');
  await expectWhole(first, 'before');
  await bed.activate('b');
  await expectWhole(first, 'handed over');
  const second = await roundTrip('second');
  await bed.activate('a');
  await expectWhole(second, 'handed back');
  await bed.kill('a');
  await bed.activate('b');
  await expectWhole(second, 'after a death');
  await expectWhole(await roundTrip('third'), 'written after a death');
  const operations = ['write', 'list', 'read'] as const;
  await proves(context, { bed: 'WebHDFS on two name nodes, after a fail-over', scheme: 'hdfs', operations });
});
