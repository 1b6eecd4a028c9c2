import type { FileIdentity } from '../../artifacts/sources.ts';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Entry } from '../../artifacts/store.ts';
import type { Under } from '../../core/artifact-path.ts';
import type { Failure } from '../../core/failure.ts';
import type { Skipped } from '../items.ts';
import { isPartialName } from '../partial-name.ts';
import type { Filter } from '../plan/filter.ts';
import type { Walked } from '../plan/walk-folder.ts';
import type { Difference, DifferenceWhy } from './difference.ts';
import { mergeSides, type Meeting, type Named } from './merge-sides.ts';

/** What is compared. Names of both sides are relative to one place, and in path order. */
export interface Sides {
  readonly reader: ArtifactReader;
  readonly there: AsyncIterable<Entry>;
  readonly here: AsyncIterable<Walked>;
  /** Which artifacts count; what is here is filtered already. */
  readonly filter: Filter;
  /** Where a name is on this machine. */
  readonly localOf: (name: string) => string;
  /** The artifact path of a name. */
  readonly pathOf: (name: string) => string;
  /** What the reader calls a name. */
  readonly readIn: (name: string) => Under;
}

/** A file of both sides. */
export interface Pair {
  readonly name: string;
  readonly entry: Entry;
  readonly identity: FileIdentity;
}

/** Where it is told what names alone tell. */
export interface Verdicts {
  readonly differs: (name: string, why: DifferenceWhy, more?: Partial<Difference>) => void;
  readonly skipped: (skipped: Skipped) => void;
  /** What is here cannot be read. */
  readonly failed: (name: string, failure: Failure) => void;
}

async function* namedThere(
  { there, filter, pathOf }: Sides,
  { skipped }: Verdicts,
): AsyncGenerator<Named<Entry>> {
  for await (const item of there) {
    const { path: name, kind } = item;
    if (isTaken(item, filter)) yield { name, isFolder: kind === 'directory', item };
    else if (kind !== 'directory') skipped({ path: pathOf(name), ...bytesOf(item), why: 'excluded' });
  }
}

function isTaken({ path, kind }: Entry, filter: Filter): boolean {
  return kind === 'directory' ? filter.takesFolder(path) : filter.takes(path);
}

async function* namedHere(walked: AsyncIterable<Walked>): AsyncGenerator<Named<Walked>> {
  for await (const item of walked)
    if (item.kind !== 'excluded') yield { name: item.name, isFolder: item.kind === 'empty-folder', item };
}

/** The files whose contents are to be compared, in path order; what is known without that is told on the way. */
export async function* planPairs(
  sides: Sides,
  verdicts: Verdicts,
  mayGoOn: (() => Promise<void>) | undefined,
): AsyncGenerator<Pair> {
  let unreadable: string | undefined;
  for await (const met of mergeSides(namedThere(sides, verdicts), namedHere(sides.here))) {
    await mayGoOn?.();
    if (met.here?.kind === 'trouble') unreadable = `${met.name}/`;
    const isUnknown = unreadable !== undefined && met.name.startsWith(unreadable);
    const pair = isUnknown ? undefined : pairOf(sides, verdicts, met);
    if (pair) yield pair;
  }
}

function pairOf(sides: Sides, verdicts: Verdicts, met: Meeting<Entry, Walked>): Pair | undefined {
  const { name, there, here, clash } = met;
  if (here?.kind === 'trouble') {
    verdicts.failed(name, here.failure);
    return undefined;
  }
  const [kindThere, kindHere] = [kindOf(there?.kind), kindOf(here?.kind)];
  if (clash || (there && here && kindThere !== kindHere)) {
    const detail = `${kindThere ?? 'a folder'} there, ${kindHere ?? 'a folder'} here`;
    verdicts.differs(name, 'kind', { detail });
    return undefined;
  }
  const skipped = skippedOf(met);
  if (!skipped) return fileOf(met, verdicts);
  verdicts.skipped({ path: sides.pathOf(name), local: sides.localOf(name), ...skipped });
  return undefined;
}

function fileOf({ name, there, here }: Meeting<Entry, Walked>, { differs }: Verdicts): Pair | undefined {
  const localBytes = here?.kind === 'file' ? { localBytes: here.size } : {};
  if (!there) differs(name, 'missing-there', localBytes);
  else if (here?.kind !== 'file') differs(name, 'missing-here', bytesOf(there));
  else if (there.size === undefined || there.size === here.size)
    return { name, entry: there, identity: here };
  else differs(name, 'size', sizesText(there.size, here.size));
  return undefined;
}

const SPECIAL = 'a link or a special file';

function kindOf(kind: Entry['kind'] | Walked['kind'] | undefined): string | undefined {
  if (kind === undefined) return undefined;
  return kind === 'file' ? 'a file' : SPECIAL;
}

/** What no transfer moves is not missed on the other side. */
function skippedOf({ name, there, here }: Meeting<Entry, Walked>) {
  if (there?.kind === 'other' || here?.kind === 'special')
    return { why: 'special', detail: SPECIAL } as const;
  const isLeftOver = !there && isPartialName(name.slice(name.lastIndexOf('/') + 1));
  if (!isLeftOver) return undefined;
  return { why: 'left-over', detail: 'left over from an interrupted transfer' } as const;
}

function bytesOf({ size }: Entry): { readonly bytes?: number } {
  return size === undefined ? {} : { bytes: size };
}

/** Two sizes, in bytes, as a difference tells them. */
export function sizesText(
  bytes: number,
  localBytes: number,
): Pick<Difference, 'bytes' | 'localBytes' | 'detail'> {
  return { bytes, localBytes, detail: `${bytes} bytes there, ${localBytes} here` };
}
