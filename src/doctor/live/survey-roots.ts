import type { ArtifactStore, Facts } from '../../artifacts/store.ts';
import type { System } from '../../artifacts/registry.ts';
import { Failure } from '../../core/failure.ts';
import { isBelow, type Location } from '../../core/location.ts';
import type { Io, TraceValue } from '../../core/io.ts';
import { placeFromAbove } from '../../resolver/place-of-uri.ts';
import type { Context } from '../context.ts';
import type { PeerCertificate } from '../../net/peer-certificate.ts';
import type { Root } from '../roots.ts';
import { within } from '../within.ts';
import { certificateBehind } from './fail-of-tls.ts';
import { hiddenCost, type HiddenCost } from './hidden-cost.ts';
import type { Leftover } from './leftover.ts';
import { usedRoots } from './newest-run.ts';
import { probeVerbs, type Probed, type Tried } from './probe-verbs.ts';
import { sharedLook } from './shared-look.ts';
import { tlsTrouble } from './tls-trouble.ts';

/** How long looking at one root may take, in ms, and where one operation is a command that takes seconds. */
const ROOT_MS = 9_000;
const SLOW_ROOT_MS = 18_000;
/** Roots that are looked at; each has connections of its own. */
const MAX_ROOTS = 24;

/** What was seen at one artifact root. */
export interface RootSurvey {
  readonly root: Root;
  readonly system?: System;
  readonly anchor?: Facts['anchor'];
  /** Whether the root's own folder is there; true where folders are only names. */
  readonly exists: boolean;
  readonly tried: readonly Tried[];
  /** What stays of the probe although it was removed. */
  readonly left?: Leftover;
  /** Absent where the store has nothing of the kind. */
  readonly cost?: HiddenCost;
  /** Who gave the credentials, where the store tells. */
  readonly credentials?: string;
  /** The region that the store sent us to, where it is not the one that was set. */
  readonly region?: string;
  /** Why nothing, or not all, could be seen. */
  readonly trouble?: Failure;
  /** What the server showed, where TLS is the trouble. */
  readonly certificate?: PeerCertificate;
}

/** What stores tell on the way. */
interface Told {
  credentials?: string;
  region?: string;
}

function listening(io: Io, told: Told): Io {
  const trace = (event: string, fields: Readonly<Record<string, TraceValue>>): void => {
    if (event === 'credentials') told.credentials = String(fields['source']);
    if (event === 'region') told.region = String(fields['region']);
    io.trace?.(event, fields);
  };
  return { ...io, trace };
}

/** Folders that are real are made by the first artifact: nothing is written before they are. */
async function folderExists(
  { physical }: Root,
  store: ArtifactStore,
  context: Context,
  io: Io,
): Promise<boolean> {
  if (store.traits.directories === 'virtual' || !physical || physical.scheme.startsWith('http')) return true;
  const above = placeFromAbove(physical, '');
  if (!above || above.path === '') return true;
  const opener = await context.stores();
  return (await (await opener.at(above.location)).stat(above.path, io)) !== undefined;
}

type Seen = Pick<RootSurvey, 'anchor' | 'exists' | 'tried' | 'left' | 'cost'>;

async function look(root: Root, store: ArtifactStore, context: Context, io: Io): Promise<Seen> {
  const anchor = await anchorOf(store, io);
  const gone = anchor === 'absent' && store.traits.directories === 'virtual' && !isProxied(root);
  if (gone) return { anchor, exists: false, tried: [] };
  const exists = await folderExists(root, store, context, io);
  const allowed = { writes: !context.readOnly, parts: !isProxied(root) };
  const probed: Probed = exists ? await probeVerbs(store, allowed, context.clock, io) : { tried: [] };
  const cost = await hiddenCost(store, context.clock, io);
  return { ...(anchor === undefined ? {} : { anchor }), exists, ...probed, ...(cost ? { cost } : {}) };
}

/** Undefined where it may not be looked at, or where asking costs seconds. */
async function anchorOf(store: ArtifactStore, io: Io): Promise<Facts['anchor'] | undefined> {
  if (store.bulk) return undefined;
  try {
    return (await store.facts(io)).anchor;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'denied') return undefined;
    throw thrown;
  }
}

function isProxied({ physical }: Root): boolean {
  return physical?.scheme === 'http' || physical?.scheme === 'https';
}

async function survey(root: Root, context: Context, io: Io): Promise<RootSurvey> {
  const { physical, trouble } = root;
  const nothing = { root, exists: false, tried: [] };
  if (!physical) return { ...nothing, ...(trouble ? { trouble } : {}) };
  const told: Told = {};
  let system: System | undefined;
  try {
    const opener = await context.stores();
    system = opener.systemOf(physical);
    const store = await opener.at(physical);
    const ms = store.bulk ? SLOW_ROOT_MS : ROOT_MS;
    const seen = await within(ms, root.uri, listening(io, told), async (limited) =>
      look(root, store, context, limited),
    );
    return { root, system, ...seen, ...told };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    const certificate = tlsTrouble(thrown) && (await certificateBehind(thrown, io));
    const shown = certificate ? { certificate } : {};
    return { ...nothing, ...(system ? { system } : {}), ...told, trouble: thrown, ...shown };
  }
}

/** Looks at every root in use, side by side, each for so long; one that does not answer costs the others nothing. */
export const surveyRoots = sharedLook(async (context, io): Promise<readonly RootSurvey[]> => {
  const roots = await usedRoots(context, io);
  return Promise.all(roots.slice(0, MAX_ROOTS).map(async (root) => survey(root, context, io)));
});

/** What keeps the root that a location is below from being looked at. */
export async function troubleAbove(
  location: Location,
  context: Context,
  io: Io,
): Promise<RootSurvey | undefined> {
  const surveys = await surveyRoots(context, io);
  return surveys.find(
    ({ root: { physical }, trouble }) => trouble && physical && isBelow(location, physical),
  );
}

/** How many roots there are that nobody looked at. */
export async function rootsLeftOut(context: Context, io: Io): Promise<number> {
  return Math.max(0, (await usedRoots(context, io)).length - MAX_ROOTS);
}
