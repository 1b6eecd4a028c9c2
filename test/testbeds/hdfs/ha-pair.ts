import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from '../bed.ts';
import { hadoopArguments, SUPERUSER } from '../hdfs.ts';
import { mustRun } from '../run-command.ts';
import { installHadoop } from './install.ts';
import { writeSiteFiles, type Properties } from './site-files.ts';

const SERVER = 'org.apache.hadoop.hdfs.server';
const SERVICE = 'lab';

/** The two name nodes of the service. */
export type Node = 'a' | 'b';

export interface HaBed extends Bed {
  /** `hdfs://lab` as clients name it. */
  readonly service: string;
  /** The clients' configuration. */
  readonly confDir: string;
  /** Makes one active; the other, where it still runs, a standby before. */
  activate(node: Node): Promise<void>;
  /** Ends one by force. */
  kill(node: Node): Promise<void>;
}

async function serviceProperties(dir: string): Promise<Properties> {
  const [rpcA, rpcB, httpA, httpB] = await Promise.all(Array.from({ length: 4 }, freePort));
  return {
    'dfs.nameservices': SERVICE,
    [`dfs.ha.namenodes.${SERVICE}`]: 'a,b',
    [`dfs.namenode.rpc-address.${SERVICE}.a`]: `127.0.0.1:${rpcA ?? 0}`,
    [`dfs.namenode.rpc-address.${SERVICE}.b`]: `127.0.0.1:${rpcB ?? 0}`,
    [`dfs.namenode.http-address.${SERVICE}.a`]: `127.0.0.1:${httpA ?? 0}`,
    [`dfs.namenode.http-address.${SERVICE}.b`]: `127.0.0.1:${httpB ?? 0}`,
    [`dfs.client.failover.proxy.provider.${SERVICE}`]: `${SERVER}.namenode.ha.ConfiguredFailoverProxyProvider`,
    'dfs.namenode.shared.edits.dir': `file://${join(dir, 'shared')}`,
    'dfs.ha.fencing.methods': 'shell(/bin/true)',
    'dfs.ha.tail-edits.period': '1s',
    'dfs.replication': '1',
    'dfs.namenode.safemode.extension': '0',
    'dfs.datanode.address': '127.0.0.1:0',
    'dfs.datanode.http.address': '127.0.0.1:0',
    'dfs.datanode.ipc.address': '127.0.0.1:0',
    'dfs.datanode.hostname': '127.0.0.1',
  };
}

async function configure(dir: string, hdfs: Properties, name: string, more: Properties): Promise<string> {
  const conf = join(dir, `conf-${name}`);
  await mkdir(conf);
  const core = { 'fs.defaultFS': `hdfs://${SERVICE}`, 'hadoop.tmp.dir': join(dir, `data-${name}`) };
  await writeSiteFiles(conf, core, { ...hdfs, ...more });
  return conf;
}

/** Two name nodes that share a folder for their edits, without ZooKeeper: who is active is told by hand. And a data node. */
export async function startHaPair(): Promise<HaBed> {
  const install = await installHadoop();
  const dir = await bedFolder('hdfs-ha');
  const hdfs = await serviceProperties(dir);
  const env = { ...bareEnvironment(dir), HADOOP_USER_NAME: SUPERUSER };
  const confDir = await configure(dir, hdfs, 'client', {});
  const conf = {
    // Both have the same address, so each is told which one it is.
    a: await configure(dir, hdfs, 'a', { 'dfs.ha.namenode.id': 'a' }),
    b: await configure(dir, hdfs, 'b', { 'dfs.ha.namenode.id': 'b' }),
  };
  const nameNode = (node: Node) => hadoopArguments(install, conf[node], `${SERVER}.namenode.NameNode`);
  const http = (node: Node) => `http://${hdfs[`dfs.namenode.http-address.${SERVICE}.${node}`] ?? ''}`;
  const asks = async (node: Node, bean: string) => {
    const asked = `${http(node)}/jmx?qry=Hadoop:service=NameNode,name=${bean}`;
    return (await fetch(asked, { signal: AbortSignal.timeout(2_000) })).text();
  };
  const start = async (node: Node) =>
    startProcess({
      name: `namenode-${node}`,
      file: 'java',
      args: nameNode(node),
      env,
      dir: await bedFolder('hdfs-ha-log'),
      ready: async () => (await asks(node, 'NameNodeStatus')).includes('"State" : "standby"'),
      readyMs: 120_000,
    });
  const admin = async (...args: readonly string[]) =>
    mustRun(
      'java',
      [...hadoopArguments(install, confDir, 'org.apache.hadoop.hdfs.tools.DFSHAAdmin'), ...args],
      {
        env,
        cwd: dir,
      },
    );
  await mustRun('java', [...nameNode('a'), '-format', '-nonInteractive'], { env, cwd: dir });
  const running = new Map<Node, Bed>([['a', await start('a')]]);
  await mustRun('java', [...nameNode('b'), '-bootstrapStandby', '-nonInteractive'], { env, cwd: dir });
  running.set('b', await start('b'));
  await admin('-transitionToActive', 'a');
  const dataNode = await startProcess({
    name: 'datanode',
    file: 'java',
    args: hadoopArguments(install, confDir, `${SERVER}.datanode.DataNode`),
    env,
    dir: await bedFolder('hdfs-ha-log'),
    ready: async () => {
      const states = await Promise.all([asks('a', 'FSNamesystemState'), asks('b', 'FSNamesystemState')]);
      return states.every((state) => /"NumLiveDataNodes" : 1\b/.test(state));
    },
    readyMs: 120_000,
  });
  let active: Node = 'a';
  return {
    service: `hdfs://${SERVICE}`,
    confDir,
    activate: async (node) => {
      // One that is dead cannot say that it is no longer active.
      const force = running.has(active) ? [] : ['--forceactive'];
      if (active !== node && running.has(active)) await admin('-transitionToStandby', active);
      await admin('-transitionToActive', ...force, node);
      active = node;
    },
    kill: async (node) => {
      const bed = running.get(node);
      running.delete(node);
      await bed?.stop();
    },
    stop: async () => {
      await dataNode.stop();
      for (const bed of running.values()) await bed.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
