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

function viewed(
  location: Location,
  table: string,
  path: string,
  configuration: HadoopConfiguration,
): HdfsPlace {
  const mount = mountOf(table, path, configuration);
  if (!mount) {
    const hint = `add ${MOUNT_TABLE}${table}.link./… to core-site.xml, or name the hdfs:// location itself`;
    throw misconfigured(location, `the mount table ${table} links nothing there`, hint);
  }
  const target = parseLocation(mount.target.endsWith('/') ? mount.target : `${mount.target}/`);
  if (target.scheme !== 'hdfs') {
    const why = `the mount table ${table} leads to ${target.redacted}`;
    throw misconfigured(location, why, 'use the URI of that store itself');
  }
  const below = normal(`${target.path}/${mount.rest}`);
  const authority = target.authority === '' ? defaultFs(target, configuration).authority : target.authority;
  return { authority, path: below };
}

/**
 * Name node and path of an `hdfs:` or `viewfs:` location: without a host by `fs.defaultFS`, `viewfs:` by its mount table.
 * @throws Failure misconfigured
 * @see https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-hdfs/ViewFs.html
 */
export function placeOfLocation(location: Location, configuration: HadoopConfiguration): HdfsPlace {
  const path = normal(location.path);
  if (location.scheme === 'viewfs') {
    const named = location.authority || viewDefault(configuration);
    return viewed(location, named, path, configuration);
  }
  if (location.authority !== '') return { authority: plainAuthority(location), path };
  const base = defaultFs(location, configuration);
  if (base.scheme === 'viewfs') return viewed(location, base.authority, path, configuration);
  return { authority: base.authority, path };
}

function viewDefault(configuration: HadoopConfiguration): string {
  const base = configuration.get('fs.defaultFS') ?? '';
  return /^viewfs:\/\/([^/]+)/.exec(base)?.[1] ?? 'default';
}

/** Host and port as they are looked up in the configuration: a name service keeps its letters. */
function plainAuthority(location: Location): string {
  const { user } = hostPort(location);
  return user === undefined
    ? location.authority
    : location.authority.slice(location.authority.lastIndexOf('@') + 1);
}
