import { redactUri } from '../../core/redact.ts';
import { parseArtifactPath, type Under } from '../../core/artifact-path.ts';
import type { Experiment, View } from '../../tracking/entities.ts';
import { openReader } from '../open-reader.ts';
import type { Session } from '../session.ts';

/** A word that a shell may offer. */
export interface Candidate {
  readonly value: string;
  /** What tells it from others; may be empty. */
  readonly help: string;
}

/** What is looked for; each narrows the search where it is known. */
export interface Wanted {
  readonly what: 'experiment-ids' | 'experiment-names' | 'run-ids' | 'artifact-paths';
  readonly view: View;
  readonly experimentId: string | undefined;
  readonly runId: string | undefined;
  /** For artifact paths: the folder whose direct children are wanted. */
  readonly folder: string;
}

/** Nobody reads more in a terminal, and a page of a large server stays small. */
const MOST = 200;

async function firstOf<T>(pages: AsyncIterable<readonly T[]>, most = MOST): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const page of pages) {
    found.push(...page);
    if (found.length >= most) break;
  }
  return found.slice(0, most);
}

async function experiments(session: Session, view: View): Promise<readonly Experiment[]> {
  const tracking = await session.tracking('read');
  return firstOf(tracking.experiments.search({ view, maxResults: MOST }, session.io));
}

async function runs(session: Session, { experimentId, view }: Wanted): Promise<readonly Candidate[]> {
  const tracking = await session.tracking('read');
  const experimentIds =
    experimentId === undefined
      ? (await experiments(session, 'active_only')).map((experiment) => experiment.experimentId)
      : [experimentId];
  const found = await firstOf(tracking.runs.search({ experimentIds, view }, session.io));
  return found.map(({ info }) => ({
    value: info.runId,
    help: [info.runName, info.status.toLowerCase()].filter((part) => part !== undefined).join(', '),
  }));
}

async function artifacts(session: Session, { runId, folder }: Wanted): Promise<readonly Candidate[]> {
  const path: Under = folder === '' ? '' : parseArtifactPath(folder);
  const { reader } = await openReader(session, { runId, uri: undefined, path });
  const before = folder === '' ? '' : `${folder}/`;
  const found = await firstOf(reader.list('', { recursive: false }, session.io));
  return found.map(({ path: name, kind, size }) => ({
    value: `${before}${name}${kind === 'directory' ? '/' : ''}`,
    help: kind === 'directory' || size === undefined ? '' : `${size} bytes`,
  }));
}

/** Asks the records, or a store, for words that complete a command line; the newest come first. */
export async function findCandidates(session: Session, wanted: Wanted): Promise<readonly Candidate[]> {
  if (wanted.what === 'run-ids') return runs(session, wanted);
  if (wanted.what === 'artifact-paths') return artifacts(session, wanted);
  const found = await experiments(session, wanted.view);
  if (wanted.what === 'experiment-names')
    return found.map(({ name, experimentId }) => ({ value: name, help: `id ${experimentId}` }));
  return found.map(({ name, experimentId, artifactLocation }) => ({
    value: experimentId,
    help: `${name}, ${redactUri(artifactLocation)}`,
  }));
}
