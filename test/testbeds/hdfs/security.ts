import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KdcBed } from '../krb5.ts';
import type { Properties } from './site-files.ts';

/** What makes a cluster ask for Kerberos. */
export interface Security {
  readonly kdc: KdcBed;
  /** Whether the cluster takes files, asked with a ticket. */
  ready(webhdfs: string): Promise<boolean>;
}

/** The properties of a secure NameNode and DataNode on `localhost`, and what their JVMs need. */
export async function secureProperties(
  { kdc }: Security,
  confDir: string,
): Promise<{ readonly core: Properties; readonly hdfs: Properties; readonly jvm: readonly string[] }> {
  const { realm } = kdc;
  const nn = await kdc.keytab('nn', 'nn/localhost');
  const http = await kdc.keytab('http', 'HTTP/localhost');
  const secret = join(confDir, 'http.secret');
  await writeFile(secret, 'signs the cookies of a test');
  return {
    core: {
      'hadoop.security.authentication': 'kerberos',
      'hadoop.security.authorization': 'true',
      'hadoop.security.auth_to_local': `RULE:[2:$1@$0](nn@${realm})s/.*/root/\nDEFAULT`,
      'hadoop.http.filter.initializers': 'org.apache.hadoop.hdfs.web.AuthFilterInitializer',
      'hadoop.http.authentication.type': 'kerberos',
      'hadoop.http.authentication.kerberos.principal': `HTTP/localhost@${realm}`,
      'hadoop.http.authentication.kerberos.keytab': http,
      'hadoop.http.authentication.signature.secret.file': secret,
    },
    hdfs: {
      'dfs.block.access.token.enable': 'true',
      'dfs.data.transfer.protection': 'authentication',
      'ignore.secure.ports.for.testing': 'true',
      'dfs.namenode.kerberos.principal': `nn/localhost@${realm}`,
      'dfs.namenode.keytab.file': nn,
      'dfs.datanode.kerberos.principal': `nn/localhost@${realm}`,
      'dfs.datanode.keytab.file': nn,
      'dfs.web.authentication.kerberos.principal': `HTTP/localhost@${realm}`,
      'dfs.web.authentication.kerberos.keytab': http,
    },
    jvm: [`-Djava.security.krb5.conf=${kdc.confFile}`],
  };
}
