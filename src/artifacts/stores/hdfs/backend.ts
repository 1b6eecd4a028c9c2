import { join } from 'node:path';
import type { Location } from '../../../core/location.ts';
import { Failure } from '../../../core/failure.ts';
import type { Net } from '../../../net/net.ts';
import type { ArtifactStore } from '../../store.ts';
import { readConfiguration, type HadoopConfiguration } from './configuration.ts';
import { accountName, delegationToken, type Credentials } from './credentials.ts';
import { webHdfsOf } from './name-nodes.ts';
import { pathTrouble } from './names.ts';
import { placeOfLocation } from './place.ts';
import type { NameNodes } from './webhdfs/client.ts';
import { createWebHdfsStore } from './webhdfs/store.ts';
import type { Under } from '../../../core/artifact-path.ts';

/** What a user can set about Hadoop; names as in the settings `hdfs.*`. */
export interface HdfsOptions {
  /** Account name at a cluster without Kerberos. */
  readonly user: string;
  readonly delegationToken?: string;
  readonly webhdfsUrl?: string;
  /** Folder with core-site.xml and hdfs-site.xml. */
  readonly confDir?: string;
  /** Where Hadoop is installed; its configuration is in `etc/hadoop`. */
  readonly home?: string;
  /** Further properties, as `key=value`. */
  readonly extraConf?: readonly string[];
  /** Sockets per host of `net`. */
  readonly maxSockets: number;
  readonly net: Net;
}

/** An open file holds one, and asking the same host what it is takes another. */
const SOCKETS_EACH = 2;

/** Connections and credentials of Hadoop file systems, shared by all their stores. */
export interface HdfsBackend {
  /** A store at a location; no request is made. @throws Failure misconfigured, invalid */
  at(location: Location): ArtifactStore;
  /** Closes the connections. */
  close(): Promise<void>;
}

function confDirOf({ confDir, home }: HdfsOptions): string | undefined {
  return confDir ?? (home === undefined ? undefined : join(home, 'etc', 'hadoop'));
}

function credentialsOf(options: HdfsOptions): Credentials {
  return options.delegationToken === undefined
    ? accountName(options.user)
    : delegationToken(options.delegationToken);
}

function checkRoot(location: Location, path: string): void {
  const trouble = path === '' ? undefined : pathTrouble(path.slice(1) as Under);
  if (trouble === undefined) return;
  throw new Failure({
    kind: 'invalid',
    message: `${location.redacted} cannot be a location: ${trouble}`,
    subject: location.redacted,
    hint: 'write hdfs://host:8020/path',
  });
}

function createAt(options: HdfsOptions, configuration: HadoopConfiguration): HdfsBackend['at'] {
  const known = new Map<string, NameNodes>();
  const credentials = credentialsOf(options);
  return (location) => {
    const { authority, path } = placeOfLocation(location, configuration);
    checkRoot(location, path);
    const { urls, from } = webHdfsOf(authority, configuration, options.webhdfsUrl);
    const key = urls.map(({ href }) => href).join(' ');
    const nameNodes = known.get(key) ?? { urls: [...urls], net: options.net, credentials };
    known.set(key, nameNodes);
    const client = { nameNodes, label: location.redacted, root: path };
    // What a user names may be HttpFS, which cannot replace a file in one step.
    const publish = from === 'setting' ? 'gap' : 'replace';
    const traits = { publish, connections: Math.floor(options.maxSockets / SOCKETS_EACH) } as const;
    return createWebHdfsStore(client, `hdfs ${key} ${credentials.who}`, traits);
  };
}

/**
 * Opens Hadoop file systems. The configuration is read here; nothing is asked before the first operation of a store.
 * @throws Failure misconfigured: a configuration that cannot be read
 */
export async function connectHdfs(options: HdfsOptions): Promise<HdfsBackend> {
  const configuration = await readConfiguration(confDirOf(options), options.extraConf);
  return {
    at: createAt(options, configuration),
    close: async () => {
      options.net.close();
    },
  };
}
