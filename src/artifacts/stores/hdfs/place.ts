import { Failure } from '../../../core/failure.ts';
import { hostPort, parseLocation, type Location } from '../../../core/location.ts';
import type { HadoopConfiguration } from './configuration.ts';

/** Where a location is, once the configuration has had its say. */
export interface HdfsPlace {
  /** Name service, host or `host:port` of the name node; never empty. */
  readonly authority: string;
  /** Absolute, without a slash at the end; '' for the whole file system. */
  readonly path: string;
}

/** A location that only Hadoop's own client can resolve: by the `hdfs` command. */
export interface ViewedPlace {
  /** `viewfs://table/path`, without a slash at the end. */
  readonly view: string;
}

const MOUNT_TABLE = 'fs.viewfs.mounttable.';

function misconfigured(location: Location, why: string, hint: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} cannot be opened: ${why}`,
    subject: location.redacted,
    hint,
    settings: ['hdfs.confDir', 'hdfs.home'],
  });
}

/** Slashes in a row are one to Hadoop. */
function normal(path: string): string {
  const joined = path.split('/').filter(Boolean).join('/');
  return joined === '' ? '' : `/${joined}`;
}

function defaultFs(location: Location, configuration: HadoopConfiguration): Location {
  const named = configuration.get('fs.defaultFS') ?? configuration.get('fs.default.name');
  if (named === undefined) {
    const hint = 'write hdfs://host:8020/path, or set HADOOP_CONF_DIR to the folder with core-site.xml';
    throw misconfigured(location, 'it names no host, and no configuration has fs.defaultFS', hint);
  }
  const base = parseLocation(named.endsWith('/') ? named : `${named}/`);
  if (base.scheme === 'hdfs' || base.scheme === 'viewfs') return base;
  throw misconfigured(location, `fs.defaultFS is ${base.redacted}`, 'write hdfs://host:8020/path');
}

/** The link of a mount table that a path is at or below: the longest, by whole names. */
function mountOf(
  table: string,
  path: string,
  configuration: HadoopConfiguration,
): { readonly target: string; readonly rest: string } | undefined {
  const prefix = `${MOUNT_TABLE}${table}.link.`;
  let best: { target: string; rest: string; depth: number } | undefined;
  for (const [key, target] of configuration) {
    if (!key.startsWith(prefix)) continue;
    const link = normal(key.slice(prefix.length));
    const below = path === link || path.startsWith(`${link}/`);
    if (below && link.length > (best?.depth ?? -1)) {
      best = { target, rest: path.slice(link.length), depth: link.length };
    }
  }
  if (best) return best;
  const fallback =
    configuration.get(`${MOUNT_TABLE}${table}.linkMergeSlash`) ??
    configuration.get(`${MOUNT_TABLE}${table}.linkFallback`);
  return fallback === undefined ? undefined : { target: fallback, rest: path };
}

/** Whether a mount table leads a path, and all below it, to one HDFS: plain links alone do not tell when there are others. */
function isPlain(table: string, path: string, configuration: HadoopConfiguration): boolean {
  const prefix = `${MOUNT_TABLE}${table}.link`;
  return [...configuration.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .every((rest) => {
      if (rest === 'MergeSlash' || rest === 'Fallback') return true;
      // Regular expressions, nfly and merges.
      if (!rest.startsWith('.')) return false;
      return !normal(rest.slice(1)).startsWith(`${path}/`);
    });
}

function viewed(table: string, path: string, configuration: HadoopConfiguration): HdfsPlace | ViewedPlace {
  const view = { view: `viewfs://${table}${path}` };
  const mount = mountOf(table, path, configuration);
  if (!mount || !isPlain(table, path, configuration)) return view;
  if (!mount.target.startsWith('hdfs:')) return view;
  const target = parseLocation(mount.target.endsWith('/') ? mount.target : `${mount.target}/`);
  const below = normal(`${target.path}/${mount.rest}`);
  const authority = target.authority === '' ? defaultFs(target, configuration).authority : target.authority;
  return { authority, path: below };
}

/**
 * Name node and path of an `hdfs:` or `viewfs:` location: without a host by `fs.defaultFS`, `viewfs:` by the links of its mount
 * table in `core-site.xml`. WebHDFS knows no mount tables, so what such links do not settle is for the `hdfs` command.
 * @throws Failure misconfigured
 * @see https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-hdfs/ViewFs.html
 */
export function placeOfLocation(
  location: Location,
  configuration: HadoopConfiguration,
): HdfsPlace | ViewedPlace {
  const path = normal(location.path);
  if (location.scheme === 'viewfs') {
    return viewed(location.authority || viewDefault(configuration), path, configuration);
  }
  if (location.authority !== '') return { authority: plainAuthority(location), path };
  const base = defaultFs(location, configuration);
  if (base.scheme === 'viewfs') return viewed(base.authority, path, configuration);
  return { authority: base.authority, path };
}

function viewDefault(configuration: HadoopConfiguration): string {
  const base = configuration.get('fs.defaultFS') ?? '';
  const named = configuration.get('fs.viewfs.mounttable.default.name.key') ?? 'default';
  return /^viewfs:\/\/([^/]+)/.exec(base)?.[1] ?? named;
}

/** Host and port as they are looked up in the configuration: a name service keeps its letters. */
function plainAuthority(location: Location): string {
  const { user } = hostPort(location);
  return user === undefined
    ? location.authority
    : location.authority.slice(location.authority.lastIndexOf('@') + 1);
}
