import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, bareEnvironment, bedFolder, freePort, startProcess, type Bed } from '../bed.ts';
import { hadoopArguments, SUPERUSER, type HdfsBed } from '../hdfs.ts';
import { writeSiteFiles } from './site-files.ts';

export interface HttpFsBed extends Bed {
  /** Such as `http://127.0.0.1:14000`. */
  readonly url: string;
}

/** HttpFS, the gateway, in front of a running HDFS bed. */
export async function startHttpFs(hdfs: HdfsBed): Promise<HttpFsBed> {
  const dir = await bedFolder('httpfs');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  for (const name of ['conf', 'log', 'temp']) await mkdir(join(dir, name));
  const confDir = join(dir, 'conf');
  await writeSiteFiles(confDir, { 'fs.defaultFS': `hdfs://${hdfs.authority}`, 'hadoop.tmp.dir': dir }, {});
  const settings = {
    'httpfs.home.dir': dir,
    'httpfs.config.dir': confDir,
    'httpfs.log.dir': join(dir, 'log'),
    'httpfs.temp.dir': join(dir, 'temp'),
    'hadoop.httpfs.http.port': String(port),
    'httpfs.http.port': String(port),
    'httpfs.http.hostname': '127.0.0.1',
  };
  const main = 'org.apache.hadoop.fs.http.server.HttpFSServerWebServer';
  const set = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  const started = await startProcess({
    name: 'httpfs',
    file: 'java',
    args: [...set, ...hadoopArguments(hdfs.install, confDir, main)],
    env: {
      ...bareEnvironment(dir),
      HADOOP_USER_NAME: SUPERUSER,
      HTTPFS_HTTP_PORT: String(port),
      HTTPFS_HTTP_HOSTNAME: '127.0.0.1',
    },
    dir,
    ready: () => answers(`${url}/webhdfs/v1/?op=GETFILESTATUS&user.name=${SUPERUSER}`),
    readyMs: 120_000,
  });
  return { url, stop: () => started.stop() };
}
