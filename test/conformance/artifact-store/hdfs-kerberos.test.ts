import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRunMlstow, runMlstow } from '../../interop/mlstow-command.ts';
import { filesOf, treeOf } from '../../interop/tree-of.ts';
import { bareEnvironment, bedFolder } from '../../testbeds/bed.ts';
import { hadoopHome } from '../../testbeds/hdfs/command.ts';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { startHttpFs } from '../../testbeds/hdfs/http-fs.ts';
import { nodeKerberos } from '../../testbeds/krb5/node-package.ts';
import { startKdc, type KdcBed } from '../../testbeds/krb5.ts';
import { runCommand } from '../../testbeds/run-command.ts';
import { proves } from '../proves.ts';
import { pattern } from './pattern.ts';

let kdc: KdcBed;
let bed: HdfsBed;
let dir: string;
let packages: string;
/** The superuser's ticket, and one of an account without rights. */
let rootTicket: string;
let aliceTicket: string;

const kerberos = (cache: string) => ({ KRB5_CONFIG: kdc.confFile, KRB5CCNAME: cache });

async function isReady(webhdfs: string): Promise<boolean> {
  const asked = `${webhdfs}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`;
  const { stdout } = await runCommand('curl', ['-s', '--negotiate', '-u', ':', '--max-time', '3', asked], {
    env: { ...bareEnvironment(dir), ...kerberos(rootTicket) },
  });
  return /"NumLiveDataNodes" : 1\b/.test(stdout) && /"FSState" : "Operational"/.test(stdout);
}

beforeAll(async () => {
  [kdc, dir, packages] = await Promise.all([startKdc(), bedFolder('hdfs-kerberos'), nodeKerberos()]);
  rootTicket = await kdc.kinit('root');
  aliceTicket = await kdc.kinit('alice');
  bed = await startHdfs({ kdc, ready: isReady });
  await mkdir(join(dir, 'tree', 'deep'), { recursive: true });
  await writeFile(join(dir, 'tree', 'deep', 'weights.bin'), pattern(300_000));
  await writeFile(join(dir, 'tree', 'empty'), '');
});
afterAll(async () => {
  await bed.stop();
  await kdc.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Settings of a user with a ticket; `HADOOP_CONF_DIR` says that the cluster asks for one. */
const place = (cache: string, more: Readonly<Record<string, string>> = {}) => ({
  cwd: dir,
  env: {
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
    MLFLOW_KERBEROS_TICKET_CACHE: cache,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    KRB5_CONFIG: kdc.confFile,
    HADOOP_CONF_DIR: bed.confDir,
    NODE_PATH: packages,
    ...more,
  },
});

async function roundTrip(name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const at = place(rootTicket, env);
  const location = `hdfs://${bed.authority}/${name}`;
  const create = ['experiments', 'create', '-n', name, '-l', location, '-q'];
  const experiment = (await mustRunMlstow(create, at)).stdout.trim();
  const run = ['runs', 'create', '--experiment-id', experiment, '--status', 'running', '-q'];
  const id = (await mustRunMlstow(run, at)).stdout.trim();
  await mustRunMlstow(['artifacts', 'log', `${join(dir, 'tree')}/`, '-r', id], at);
  const target = join(dir, `from-${name}`);
  await mustRunMlstow(['artifacts', 'download', '-r', id, '-d', target], at);
  expect(filesOf(await treeOf(target))).toEqual(filesOf(await treeOf(join(dir, 'tree'))));
}

test('with a ticket: written, listed and read back; the configuration tells that one is asked for', async (context) => {
  await roundTrip('spnego', {});
  const operations = ['write', 'list', 'read'] as const;
  await proves(context, { bed: 'WebHDFS with a Kerberos ticket', scheme: 'hdfs', operations });
});

test('without a configuration the first answer tells', async () => {
  await roundTrip('challenged', { HADOOP_CONF_DIR: '', MLSTOW_HDFS_WEBHDFS_URL: bed.webhdfs });
});

test('the hdfs command logs in with the same ticket', async () => {
  const jvm = [`-Djava.security.krb5.conf=${kdc.confFile}`];
  const home = await hadoopHome(bed, dir, jvm);
  const at = place(rootTicket, { MLSTOW_HDFS_DRIVER: 'cli', HADOOP_HOME: home });
  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-u', `hdfs://${bed.authority}/spnego`], at);
  expect(stdout).toContain('"is_dir": true');
});

test('the hdfs command says whose ticket is missing or not the one that was asked for', async () => {
  const home = await hadoopHome(bed, dir, [`-Djava.security.krb5.conf=${kdc.confFile}`]);
  const command = { MLSTOW_HDFS_DRIVER: 'cli', HADOOP_HOME: home };
  const list = ['artifacts', 'list', '-u', `hdfs://${bed.authority}/spnego`];
  const none = place(`FILE:${join(dir, 'none')}`, { ...command, MLFLOW_KERBEROS_USER: 'alice@LAB.TEST' });
  const missing = await runMlstow(list, none);
  expect(missing.stderr).toContain('there is no Kerberos ticket');
  expect(missing.stderr).toContain('kinit alice@LAB.TEST');
  expect(missing.code).toBe(6);
  const other = await runMlstow(
    list,
    place(rootTicket, { ...command, MLFLOW_KERBEROS_USER: 'alice@LAB.TEST' }),
  );
  expect(other.stderr).toContain('holds the ticket of root@LAB.TEST, not of alice@LAB.TEST');
  expect(other.code).toBe(6);
});

test('MLFLOW_KERBEROS_USER chooses among the tickets of a collection', async () => {
  const caches = `DIR:${join(dir, 'caches')}`;
  await mkdir(join(dir, 'caches'));
  await kdc.kinit('alice', '1h', caches);
  await kdc.kinit('root', '1h', caches);
  const create = ['experiments', 'create', '--check', '-l', `hdfs://${bed.authority}/chosen`, '-n'];
  const alice = place(caches, { MLFLOW_KERBEROS_USER: 'alice@LAB.TEST' });
  const refused = await runMlstow([...create, 'chosen by alice'], alice);
  expect(refused.stderr).toContain('user=alice');
  expect(refused.code).toBe(6);
  const root = place(caches, { MLFLOW_KERBEROS_USER: 'root@LAB.TEST' });
  await mustRunMlstow([...create, 'chosen by root'], root);
  const wrong = await runMlstow(
    [...create, 'of another'],
    place(rootTicket, { MLFLOW_KERBEROS_USER: 'alice@LAB.TEST' }),
  );
  expect(wrong.stderr).toContain('holds the ticket of root@LAB.TEST, not of alice@LAB.TEST');
  expect(wrong.stderr).toContain('kinit alice@LAB.TEST');
  expect(wrong.code).toBe(6);
});

test('HttpFS behind the KDC takes the same ticket, and refuses who has none', async () => {
  const gateway = await startHttpFs(bed, kdc);
  try {
    await roundTrip('httpfs', { HADOOP_CONF_DIR: '', MLSTOW_HDFS_WEBHDFS_URL: gateway.url });
    const missing = await runMlstow(
      ['artifacts', 'list', '-u', `hdfs://${bed.authority}/httpfs`],
      place(`FILE:${join(dir, 'none')}`, { HADOOP_CONF_DIR: '', MLSTOW_HDFS_WEBHDFS_URL: gateway.url }),
    );
    expect(missing.stderr).toContain('there is no Kerberos ticket');
    expect(missing.code).toBe(6);
  } finally {
    await gateway.stop();
  }
});

test('another account is denied by its own name', async () => {
  const uri = `hdfs://${bed.authority}/spnego`;
  const listed = await mustRunMlstow(['artifacts', 'list', '-u', uri], place(aliceTicket));
  expect(listed.stdout).toContain('is_dir');
  const create = [
    'experiments',
    'create',
    '-n',
    'of alice',
    '-l',
    `hdfs://${bed.authority}/of-alice`,
    '--check',
  ];
  const refused = await runMlstow(create, place(aliceTicket));
  expect(refused.stderr).toContain('user=alice');
  expect(refused.code).toBe(6);
});

test('an expired and a missing ticket say so, with the principal and what to type', async () => {
  const uri = `hdfs://${bed.authority}/spnego`;
  const cache = await kdc.kinit('shortlived', '2s');
  // Both sides take a ticket a little longer than it lasts.
  const list = async () => runMlstow(['artifacts', 'list', '-u', uri], place(cache));
  let expired = await list();
  for (let tries = 0; tries < 30 && expired.code === 0; tries += 1) {
    await wait(500);
    expired = await list();
  }
  expect(expired.code).toBe(6);
  expect(expired.stderr).toContain('ticket of shortlived@LAB.TEST');
  expect(expired.stderr).toContain('has expired');
  expect(expired.stderr).toContain('kinit shortlived@LAB.TEST');
  const missing = await runMlstow(['artifacts', 'list', '-u', uri], place(`FILE:${join(dir, 'none')}`));
  expect(missing.code).toBe(6);
  expect(missing.stderr).toContain('there is no Kerberos ticket');
});

test('without the package it is told how to go on', async () => {
  const at = place(rootTicket, { NODE_PATH: '' });
  const refused = await runMlstow(['artifacts', 'list', '-u', `hdfs://${bed.authority}/spnego`], at);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('MLSTOW_HDFS_DRIVER=cli');
});
