import { readBoth } from '../artifacts/read-both.ts';
import { readerAt, type ArtifactReader } from '../artifacts/reader.ts';
import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Place, Resolution } from '../resolver/resolution.ts';
import type { Session } from './session.ts';

/** What a command asks to read: a run and a path in it, or a URI (which wins, as in mlflow). */
export interface Asked {
  readonly runId: string | undefined;
  readonly uri: string | undefined;
  readonly path: Under;
}

/** A reader of what was asked for. */
export interface Opened {
  readonly reader: ArtifactReader;
  /** The path that the reader stands at, as the user gave it: entries are shown below it. */
  readonly at: Under;
  readonly resolution: Resolution;
}

/** Opens what was asked for, in every place where it may be. @throws Failure usage when neither run nor URI is given */
export async function openReader(session: Session, asked: Asked): Promise<Opened> {
  const resolver = await session.resolver('read');
  const runId = asked.runId ?? session.config.get('tracking.runId');
  if (asked.uri !== undefined) {
    const resolution = await resolver.uri(asked.uri, session.io, asked.path);
    return { reader: await readerOf(session, resolution), at: asked.path, resolution };
  }
  if (runId === undefined) {
    throw new Failure({
      kind: 'usage',
      message: 'neither a run nor a URI was given',
      hint: 'name one: -r RUN_ID (or MLFLOW_RUN_ID) or -u URI',
      subject: 'command line',
    });
  }
  const resolution = await resolver.run(runId, asked.path, session.io);
  return { reader: await readerOf(session, resolution), at: asked.path, resolution };
}

/** One reader over all places of a resolution; the first place that has an entry gives it. */
export async function readerOf(session: Session, resolution: Resolution): Promise<ArtifactReader> {
  const [first, second] = resolution.places;
  const winner = await readerFor(session, first);
  const reader = second
    ? readBoth(winner, await readerFor(session, second), (path) => {
        session.warn(
          `${path} is in two places; the copy at ${first.location.redacted} is taken (${first.because})`,
        );
      })
    : winner;
  if (!resolution.fallback || (await holdsAnything(reader, session))) return reader;
  const place = await resolution.fallback();
  return place ? readerFor(session, place) : reader;
}

async function readerFor(session: Session, place: Place): Promise<ArtifactReader> {
  const stores = await session.stores();
  return readerAt(await stores.at(place.location), place.path);
}

async function holdsAnything(reader: ArtifactReader, session: Session): Promise<boolean> {
  if (await reader.root(session.io)) return true;
  for await (const page of reader.list('', { recursive: false }, session.io))
    if (page.length > 0) return true;
  return false;
}
