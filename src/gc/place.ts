import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { decodedForms, parseArtifactPath, type ArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { abfssParts, formatLocation, parseLocation, wasbsParts, type Location } from '../core/location.ts';
import type { CollectKind } from '../tracking/collect.ts';

/**
 * Where something is, so that two spellings of one place compare equal. Rather too coarse than too fine: whoever takes
 * two places for one keeps too much.
 */
export interface Place {
  readonly store: string;
  /** Without slashes at its ends; '' for the whole store. */
  readonly path: string;
}

/** One host has many names, and a name node may be the default one: there the path alone counts. */
const BY_PATH: Readonly<Partial<Record<Location['scheme'], string>>> = {
  ftp: 'ftp',
  sftp: 'ftp',
  hdfs: 'hdfs',
  viewfs: 'hdfs',
  http: 'http',
  https: 'http',
  'mlflow-artifacts': 'http',
  file: 'file',
};

function storeOf(location: Location): string {
  const { scheme, authority } = location;
  if (scheme === 'wasbs' || scheme === 'abfss') {
    const { container, account } = scheme === 'wasbs' ? wasbsParts(location) : abfssParts(location);
    return `azure:${container}@${account.toLowerCase()}`;
  }
  const at = scheme === 'r2' || scheme === 'b2' ? authority.lastIndexOf('@') : authority.length;
  return BY_PATH[scheme] ?? `bucket:${authority.slice(0, at)}`;
}

const DECODED = new Set<string>(['http', 'https', 'mlflow-artifacts', 'abfss']);

function pathOf({ scheme, path }: Location): string {
  const plain = DECODED.has(scheme) ? (decodedForms(path)?.at(-1) ?? path) : path;
  return plain.replaceAll(/\/{2,}/g, '/').replaceAll(/^\/|\/$/g, '');
}

/** The place of a location as it is written; links are not followed. */
export function placeOf(location: Location): Place {
  return { store: storeOf(location), path: pathOf(location) };
}

/** The real path of what exists of a local path, and the rest as it is. */
async function realOf(path: string): Promise<string> {
  for (let there = path; ; there = dirname(there)) {
    try {
      return join(await realpath(there), relative(there, path));
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || there === dirname(there)) return path;
    }
  }
}

/** The place of a location, and where links lead from there if that is elsewhere. */
export async function placesOf(location: Location): Promise<readonly Place[]> {
  const written = placeOf(location);
  if (location.scheme !== 'file') return [written];
  const real = pathOf({ ...location, path: await realOf(location.path) });
  return real === written.path ? [written] : [written, { store: 'file', path: real }];
}

/** Finds places, each location's once; a location is known by being the same object. */
export function createPlaces(): typeof placesOf {
  const found = new WeakMap<Location, Promise<readonly Place[]>>();
  return async (location) => {
    const places = found.get(location) ?? placesOf(location);
    found.set(location, places);
    return places;
  };
}

/** The only part of a store that may be emptied for one row. */
export interface Subtree {
  /** What the store is opened at. */
  readonly base: Location;
  /** `<run_id>/artifacts`, `models/<id>/artifacts`, `traces/<id>/artifacts`. */
  readonly under: ArtifactPath;
  /** The folder that is left empty: `<run_id>`, `models/<id>`, `traces/<id>`. */
  readonly holder: ArtifactPath;
  /** The artifact root: `base` without the experiment's own folder. */
  readonly root: Location;
}

const FOLDERS: Readonly<Record<CollectKind, string>> = {
  run: '',
  model: 'models/',
  trace: 'traces/',
  experiment: '',
};

/** Bases and roots that were met before: few are those of nearly all rows. */
const met = new Map<string, Location>();
const MOST_MET = 1000;

function locationAt(parts: Pick<Location, 'scheme' | 'authority' | 'path'>): Location {
  const uri = formatLocation(parts);
  const known = met.get(uri);
  if (known) return known;
  if (met.size >= MOST_MET) met.clear();
  const location = parseLocation(uri);
  met.set(uri, location);
  return location;
}

function above(location: Location, tail: string): Location | undefined {
  const { scheme, authority, path } = location;
  if (path === tail && scheme !== 'file') return locationAt({ scheme, authority, path: '' });
  if (!path.endsWith(`/${tail}`)) return undefined;
  const rest = path.slice(0, -tail.length - 1);
  if (scheme === 'file' && rest === '') return undefined;
  return locationAt({ scheme, authority, path: rest });
}

/**
 * The subtree that belongs to a row alone, by the shape of its location.
 * @throws Failure refused: another shape, so nothing tells whose files are there
 */
export function subtreeOf(kind: CollectKind, id: string, experimentId: string, location: Location): Subtree {
  const holder = `${FOLDERS[kind]}${id}`;
  const tail = `${holder}/artifacts`;
  const base = /^[\w-]+$/.test(id) ? above(location, tail) : undefined;
  if (!base) {
    throw new Failure({
      kind: 'refused',
      message: `${location.redacted} does not end in /${tail}, so nothing tells whose files are there`,
      hint: 'look at what is there, and remove it by hand if it belongs to nobody else',
      subject: location.redacted,
    });
  }
  return {
    base,
    under: parseArtifactPath(tail),
    holder: parseArtifactPath(holder),
    root: above(base, experimentId) ?? base,
  };
}
