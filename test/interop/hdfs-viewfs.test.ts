import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { proves } from '../conformance/proves.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { commandsOf, hadoopHome } from '../testbeds/hdfs/command.ts';
import { startHdfs, SUPERUSER, type HdfsBed } from '../testbeds/hdfs.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { filesOf, treeOf } from './tree-of.ts';

/** What a round trip proves. */
const OPERATIONS = ['write', 'list', 'read'] as const;

let bed: HdfsBed;
let dir: string;
let home: string;
let tree: string;

beforeAll(async () => {
  [bed, dir] = await Promise.all([startHdfs(), bedFolder('hdfs-viewfs')]);
  home = await hadoopHome(bed, dir);
  await bed.call('PUT', '/physical/models', 'op=MKDIRS');
  tree = join(dir, 'tree');
  await mkdir(join(tree, 'deep'), { recursive: true });
  await writeFile(join(tree, 'MLmodel'), 'flavors: {}');
  await writeFile(join(tree, 'deep', 'weights ü.bin'), pattern(300_000));
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The bed's configuration with a mount table `lab`, in `core-site.xml` itself or in a file that it includes. */
async function mounted(name: string, where: 'itself' | 'included'): Promise<string> {
  const conf = join(dir, name);
  await cp(bed.confDir, conf, { recursive: true });
  const link = `<property><name>fs.viewfs.mounttable.lab.link./models</name><value>hdfs://${bed.authority}/physical/models</value></property>`;
  const rpc = `<property><name>dfs.namenode.rpc-address</name><value>${bed.authority}</value></property>`;
  const table = where === 'itself' ? link : '<xi:include href="mount-table.xml"/>';
  await writeFile(join(conf, 'mount-table.xml'), `<configuration>${link}</configuration>`);
  const site = await readFile(join(conf, 'core-site.xml'), 'utf8');
  const changed = site
    .replace('<configuration>', '<configuration xmlns:xi="http://www.w3.org/2001/XInclude">')
    .replace(`hdfs://${bed.authority}`, 'viewfs://lab')
    .replace('</configuration>', `${rpc}${table}</configuration>`);
  await writeFile(join(conf, 'core-site.xml'), changed);
  return conf;
}

const place = (confDir: string, more: Readonly<Record<string, string>> = {}) => ({
  cwd: dir,
  env: {
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
    HADOOP_USER_NAME: SUPERUSER,
    HADOOP_CONF_DIR: confDir,
    ...more,
  },
});

async function roundTrip(name: string, location: string, at: ReturnType<typeof place>): Promise<void> {
  const experiment = await askMlstow(['experiments', 'create', '-n', name, '-l', location], at);
  const run = await askMlstow(['runs', 'create', '--experiment-id', experiment, '--status', 'running'], at);
  await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', run], at);
  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-R', '-r', run], at);
  expect(stdout).toContain('deep/weights');
  const target = join(dir, `from ${name}`);
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], at);
  expect(filesOf(await treeOf(target))).toEqual(filesOf(await treeOf(tree)));
  const physical = `/physical/models/${name}/${run}/artifacts/deep/weights ü.bin`;
  expect((await bed.call('GET', physical, 'op=OPEN')).equals(pattern(300_000))).toBe(true);
}

test('a mount table in core-site.xml leads to WebHDFS, without the hdfs command', async (context) => {
  const conf = await mounted('linked', 'itself');
  await roundTrip('plain', 'viewfs://lab/models/plain', place(conf));
  await roundTrip('default', 'hdfs:///models/default', place(conf));
  await proves(context, { bed: 'WebHDFS by a mount table', scheme: 'viewfs', operations: OPERATIONS });
});

test('a mount table that only Hadoop resolves is left to the hdfs command', async (context) => {
  const conf = await mounted('included', 'included');
  await roundTrip('command', 'viewfs://lab/models/command', place(conf, { HADOOP_HOME: home }));
  const commands = await commandsOf(home);
  expect(commands.some((line) => line.includes('viewfs://lab/models/command'))).toBe(true);
  const without = await runMlstow(['artifacts', 'list', '-u', 'viewfs://lab/models'], place(conf));
  expect(without.code).toBe(3);
  expect(without.stderr).toContain('HADOOP_HOME');
  await proves(context, { bed: 'the hdfs command', scheme: 'viewfs', operations: OPERATIONS });
});
