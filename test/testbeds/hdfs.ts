import { cp, mkdir } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { installHadoop, VERSION } from './hdfs/install.ts';
import { writeSiteFiles, type Properties } from './hdfs/site-files.ts';
import { secureProperties, type Security } from './hdfs/security.ts';
import { mustRun } from './run-command.ts';

/** `--add-opens`: without it every answer of WebHDFS is 500 on Java 17. */
const JVM = [
  '-Xmx256m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
];
const PACKAGE = 'org.apache.hadoop.hdfs.server';
/** What this test process is to a NameNode that it started: the superuser. */
export const SUPERUSER = userInfo().username;

export interface HdfsBed extends Bed {
  /** `host:port` of the NameNode's RPC. */
  readonly authority: string;
  /** Where WebHDFS is, such as `http://127.0.0.1:9870`. */
  readonly webhdfs: string;
  /** Folder with core-site.xml and hdfs-site.xml. */
  readonly confDir: string;
  /** `host:port` of the DataNode's HTTP. */
  readonly dataNode: string;
  /** Folder with Hadoop's jars. */
  readonly install: string;
  /** A WebHDFS request as the superuser, redirects followed: the oracle of tests. */
  call(method: string, path: string, query: string, body?: Uint8Array): Promise<Buffer>;
}

interface Ports {
  readonly rpc: number;
  readonly http: number;
  readonly data: number;
  readonly dataHttp: number;
  readonly dataIpc: number;
}

async function ports(): Promise<Ports> {
  const [rpc, http, data, dataHttp, dataIpc] = await Promise.all(Array.from({ length: 5 }, freePort));
  return { rpc: rpc!, http: http!, data: data!, dataHttp: dataHttp!, dataIpc: dataIpc! };
}

function coreOf({ rpc }: Ports, dir: string, host: string): Properties {
  return {
    'fs.defaultFS': `hdfs://${host}:${rpc}`,
    'hadoop.tmp.dir': join(dir, 'data'),
    [`hadoop.proxyuser.${SUPERUSER}.hosts`]: '*',
    [`hadoop.proxyuser.${SUPERUSER}.groups`]: '*',
  };
}

function hdfsOf(at: Ports, host: string): Properties {
  return {
    'dfs.namenode.http-address': `${host}:${at.http}`,
    'dfs.namenode.rpc-bind-host': '127.0.0.1',
    'dfs.datanode.address': `${host}:${at.data}`,
    'dfs.datanode.http.address': `${host}:${at.dataHttp}`,
    'dfs.datanode.ipc.address': `${host}:${at.dataIpc}`,
    'dfs.datanode.hostname': host,
    'dfs.replication': '1',
    'dfs.namenode.safemode.extension': '0',
    'dfs.namenode.fs-limits.min-block-size': '1048576',
    'dfs.namenode.acls.enabled': 'true',
  };
}

/** How a class of Hadoop is run. */
export function hadoopArguments(install: string, confDir: string, main: string): string[] {
  const classPath = [confDir, join(install, 'classes'), join(install, 'lib', '*')].join(':');
  return [...JVM, '-cp', classPath, main];
}

/** A file system without anything in it, to be copied: making one takes a JVM. */
async function emptyFileSystem(install: string): Promise<string> {
  return cached('hadoop-file-system', `${VERSION}-${SUPERUSER}`, async (dir) => {
    const confDir = join(dir, 'conf');
    await mkdir(confDir);
    await writeSiteFiles(confDir, { 'hadoop.tmp.dir': join(dir, 'data') }, {});
    const format = [...hadoopArguments(install, confDir, `${PACKAGE}.namenode.NameNode`), '-format'];
    const env = { ...bareEnvironment(dir), HADOOP_USER_NAME: SUPERUSER };
    await mustRun('java', [...format, '-nonInteractive'], { env, cwd: dir });
  });
}

/** Anything is an answer: a secure one refuses who has no ticket. */
async function isUp(webhdfs: string): Promise<boolean> {
  return (await fetch(`${webhdfs}/jmx`, { signal: AbortSignal.timeout(2_000) })).status < 500;
}

async function isServing(webhdfs: string): Promise<boolean> {
  const asked = `${webhdfs}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`;
  const state = await (await fetch(asked, { signal: AbortSignal.timeout(2_000) })).text();
  return /"NumLiveDataNodes" : 1\b/.test(state) && /"FSState" : "Operational"/.test(state);
}

/** A NameNode and a DataNode, whose superuser is the account that runs the tests. Needs Java 17, and Maven once. */
export async function startHdfs(security?: Security): Promise<HdfsBed> {
  const install = await installHadoop();
  const dir = await bedFolder('hdfs');
  const confDir = join(dir, 'conf');
  await mkdir(confDir);
  const at = await ports();
  // A ticket is for a host name.
  const host = security ? 'localhost' : '127.0.0.1';
  const secure = security ? await secureProperties(security, confDir) : { core: {}, hdfs: {}, jvm: [] };
  await writeSiteFiles(
    confDir,
    { ...coreOf(at, dir, host), ...secure.core },
    { ...hdfsOf(at, host), ...secure.hdfs },
  );
  const webhdfs = `http://${host}:${at.http}`;
  const env = { ...bareEnvironment(dir), HADOOP_USER_NAME: SUPERUSER };
  const run = (main: string) => [...secure.jvm, ...hadoopArguments(install, confDir, `${PACKAGE}.${main}`)];
  await cp(join(await emptyFileSystem(install), 'data'), join(dir, 'data'), { recursive: true });
  const start = async (name: string, main: string, ready: () => Promise<boolean>) =>
    startProcess({ name, file: 'java', args: run(main), env, dir, ready, readyMs: 120_000 });
  const [nameNode, dataNode] = await Promise.all([
    start('namenode', 'namenode.NameNode', () => isUp(webhdfs)),
    start('datanode', 'datanode.DataNode', () => security?.ready(webhdfs) ?? isServing(webhdfs)),
  ]);
  return {
    authority: `${host}:${at.rpc}`,
    webhdfs,
    confDir,
    dataNode: `${host}:${at.dataHttp}`,
    install,
    call: async (method, path, query, body) => call(webhdfs, method, path, query, body),
    stop: async () => {
      await dataNode.stop();
      await nameNode.stop();
    },
  };
}

/** By node:http, since data nodes send a 100 that nobody expects, which `fetch` does not take. */
async function send(method: string, address: string, body?: Uint8Array): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(address, { method, headers: { 'content-length': body?.byteLength ?? 0 } });
    outgoing.once('response', resolve).once('error', reject).end(body);
  });
}

async function call(
  webhdfs: string,
  method: string,
  path: string,
  query: string,
  body?: Uint8Array,
): Promise<Buffer> {
  const place = path.split('/').map(encodeURIComponent).join('/');
  const user = encodeURIComponent(SUPERUSER);
  const first = await send(method, `${webhdfs}/webhdfs/v1${place}?${query}&user.name=${user}`);
  const { location } = first.headers;
  const answer = location === undefined ? first : await send(method, location, body);
  if (answer !== first) first.resume();
  const bytes = Buffer.concat((await answer.toArray()) as Buffer[]);
  const { statusCode = 0 } = answer;
  if (statusCode >= 300) throw new Error(`${method} ${path} ${query}: ${statusCode} ${bytes.toString()}`);
  return bytes;
}
