import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from '../bed.ts';
import { hadoopArguments, SUPERUSER, type HdfsBed } from '../hdfs.ts';
import type { KdcBed } from '../krb5.ts';
import { writeSiteFiles } from './site-files.ts';

export interface HttpFsBed extends Bed {
  /** Such as `http://127.0.0.1:14000`. */
  readonly url: string;
}

/** What makes the gateway ask for a ticket, and log in to the cluster with its own. */
async function secureSettings(kdc: KdcBed, dir: string): Promise<Readonly<Record<string, string>>> {
  const secret = join(dir, 'http.secret');
  await writeFile(secret, 'signs the cookies of a gateway');
  return {
    'java.security.krb5.conf': kdc.confFile,
    'httpfs.authentication.type': 'kerberos',
    'httpfs.authentication.kerberos.principal': `HTTP/localhost@${kdc.realm}`,
    'httpfs.authentication.kerberos.keytab': await kdc.keytab('httpfs-http', 'HTTP/localhost'),
    'httpfs.authentication.signature.secret.file': secret,
    'httpfs.hadoop.authentication.type': 'kerberos',
    'httpfs.hadoop.authentication.kerberos.principal': `nn/localhost@${kdc.realm}`,
    'httpfs.hadoop.authentication.kerberos.keytab': await kdc.keytab('httpfs-nn', 'nn/localhost'),
  };
}

/** HttpFS, the gateway, in front of a running HDFS bed, which asks for tickets when its KDC is given. */
export async function startHttpFs(hdfs: HdfsBed, kdc?: KdcBed): Promise<HttpFsBed> {
  const dir = await bedFolder('httpfs');
  const port = await freePort();
  // A ticket is for a host name.
  const host = kdc ? 'localhost' : '127.0.0.1';
  const url = `http://${host}:${port}`;
  for (const name of ['conf', 'log', 'temp']) await mkdir(join(dir, name));
  const confDir = join(dir, 'conf');
  if (kdc) await cp(hdfs.confDir, confDir, { recursive: true });
  else {
    const core = { 'fs.defaultFS': `hdfs://${hdfs.authority}`, 'hadoop.tmp.dir': dir };
    await writeSiteFiles(confDir, core, {});
  }
  const settings = {
    'httpfs.home.dir': dir,
    'httpfs.config.dir': confDir,
    'httpfs.log.dir': join(dir, 'log'),
    'httpfs.temp.dir': join(dir, 'temp'),
    'hadoop.httpfs.http.port': String(port),
    'httpfs.http.port': String(port),
    'httpfs.http.hostname': host,
    ...(kdc ? await secureSettings(kdc, dir) : {}),
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
      HTTPFS_HTTP_HOSTNAME: host,
    },
    dir,
    ready: async () => {
      const asked = `${url}/webhdfs/v1/?op=GETFILESTATUS&user.name=${SUPERUSER}`;
      const { status } = await fetch(asked, { signal: AbortSignal.timeout(2_000) });
      return status === (kdc ? 401 : 200);
    },
    readyMs: 120_000,
  });
  return { url, stop: () => started.stop() };
}
