import { join } from 'node:path';
import type { Location } from '../../../core/location.ts';
import { Failure } from '../../../core/failure.ts';
import type { Net } from '../../../net/net.ts';
import type { ArtifactStore } from '../../store.ts';
import { readConfiguration, type HadoopConfiguration } from './configuration.ts';
import { delegationToken, type Credentials } from './credentials.ts';
import { webHdfsOf } from './name-nodes.ts';
import { pathTrouble } from './names.ts';
import { accountOrTicket } from './negotiate.ts';
import type { KerberosOptions } from './no-ticket.ts';
import { placeOfLocation } from './place.ts';
import { createCliStore } from './cli/store.ts';
import type { Shell } from './cli/run-shell.ts';
import type { NameNodes } from './webhdfs/client.ts';
import { createWebHdfsStore } from './webhdfs/store.ts';
import type { Under } from '../../../core/artifact-path.ts';

/** What a user can set about Hadoop; names as in the settings `hdfs.*`. */
export interface HdfsOptions {
  /** Account name at a cluster without Kerberos. */
  readonly user: string;
  readonly delegationToken?: string;
  readonly webhdfsUrl?: string;
  /** `webhdfs` unless told; `cli` is the `hdfs` command, found in `home` or on the PATH. */
  readonly driver?: 'webhdfs' | 'cli';
  /** Kerberos ticket cache, as KRB5CCNAME holds it. */
  readonly ticketCache?: string;
  /** Kerberos principal to act as. */
  readonly principal?: string;
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

function credentialsOf(options: HdfsOptions, configuration: HadoopConfiguration): Credentials {
  const { delegationToken: token, user } = options;
  if (token !== undefined) return delegationToken(token);
  const secure = configuration.get('hadoop.security.authentication')?.toLowerCase() === 'kerberos';
  return accountOrTicket(user, kerberosOf(options), secure ? 'ticket' : 'name');
}

function kerberosOf({ ticketCache, principal }: HdfsOptions): KerberosOptions {
  return {
    ...(ticketCache === undefined ? {} : { ticketCache }),
    ...(principal === undefined ? {} : { principal }),
  };
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

function shellOf(options: HdfsOptions): Shell {
  const { home, confDir, ticketCache, principal, user } = options;
  return {
    command: home === undefined ? 'hdfs' : join(home, 'bin', 'hdfs'),
    env: {
      HADOOP_USER_NAME: user,
      ...(home === undefined ? {} : { HADOOP_HOME: home }),
      ...(confDir === undefined ? {} : { HADOOP_CONF_DIR: confDir }),
      ...(ticketCache === undefined ? {} : { KRB5CCNAME: ticketCache }),
      ...(principal === undefined ? {} : { KRB5PRINCIPAL: principal }),
    },
    kerberos: kerberosOf(options),
  };
}

type CliAt = (location: Location, uri: string) => ArtifactStore;

/** Stores by the `hdfs` command, which resolves hosts, services and mount tables itself. */
function createCliAt(options: HdfsOptions): CliAt {
  const shell = shellOf(options);
  const known = new Set<string>();
  return (location, uri) => {
    const path = location.path.split('/').filter(Boolean).join('/');
    checkRoot(location, path === '' ? '' : `/${path}`);
    return createCliStore({ shell, label: location.redacted, uri, known });
  };
}

/** A location as the command takes it, without a slash at the end. */
function uriOf(location: Location): string {
  const path = location.path.split('/').filter(Boolean).join('/');
  return `${location.scheme}://${location.authority}${path === '' ? '' : `/${path}`}`;
}

function createAt(options: HdfsOptions, configuration: HadoopConfiguration): HdfsBackend['at'] {
  const known = new Map<string, NameNodes>();
  const credentials = credentialsOf(options, configuration);
  const cliAt = createCliAt(options);
  return (location) => {
    const place = placeOfLocation(location, configuration);
    if ('view' in place) return cliAt(location, place.view);
    const { authority, path } = place;
    checkRoot(location, path);
    const { urls, from } = webHdfsOf(authority, configuration, options.webhdfsUrl);
    const key = urls.map(({ href }) => href).join(' ');
    const nameNodes = known.get(key) ?? { urls: [...urls], net: options.net, credentials };
    known.set(key, nameNodes);
    const client = { nameNodes, label: location.redacted, root: path };
    // What a user names may be HttpFS, which cannot replace a file in one step.
    const publish = from === 'setting' ? 'gap' : 'replace';
    const traits = { publish, connections: Math.floor(options.maxSockets / SOCKETS_EACH) } as const;
    const server = `hdfs ${key}`;
    return createWebHdfsStore(client, { backend: `${server} ${credentials.who}`, server }, traits);
  };
}

/**
 * Opens Hadoop file systems. The configuration is read here; nothing is asked before the first operation of a store.
 * @throws Failure misconfigured: a configuration that cannot be read
 */
export async function connectHdfs(options: HdfsOptions): Promise<HdfsBackend> {
  const close = async () => {
    options.net.close();
  };
  if (options.driver === 'cli') {
    const cliAt = createCliAt(options);
    return { at: (location) => cliAt(location, uriOf(location)), close };
  }
  const configuration = await readConfiguration(confDirOf(options), options.extraConf);
  return { at: createAt(options, configuration), close };
}
