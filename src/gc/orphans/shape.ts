import { parseArtifactPath, type ArtifactPath } from '../../core/artifact-path.ts';
import type { CollectKind } from '../../tracking/collect.ts';

/** A subtree that has the shape of a row's files, below an artifact root or below an experiment's folder in it. */
export interface Shaped {
  readonly kind: CollectKind;
  readonly id: string;
  /** '' where no experiment's folder is around it. */
  readonly experimentId: string;
  /** `<run_id>/artifacts` and the like, from the root. */
  readonly under: ArtifactPath;
  readonly holder: ArtifactPath;
}

const HOLDER = String.raw`^((?:(\d{1,19})/)?(?:([0-9a-f]{32})|models/(m-[0-9a-f]{32})|traces/((?:tr-)?[0-9a-f]{32})))`;
const FILES = new RegExp(`${HOLDER}/artifacts(?:/|$)`);
/** A file store keeps its records beside the files. */
const RECORD = new RegExp(`${HOLDER}/(?:meta\\.yaml|trace_info\\.yaml|\\.mlstow\\.erasing)$`);

function shapedBy(match: RegExpExecArray): Shaped {
  const [, holder = '', experimentId = '', run, model, trace] = match;
  const kind = run === undefined ? (model === undefined ? 'trace' : 'model') : 'run';
  return {
    kind,
    id: run ?? model ?? trace ?? '',
    experimentId,
    under: parseArtifactPath(`${holder}/artifacts`),
    holder: parseArtifactPath(holder),
  };
}

/** The subtree that a path is in or is; undefined where its shape says nothing of whose it is. */
export function shapedOf(path: string): Shaped | undefined {
  const match = FILES.exec(path);
  return match ? shapedBy(match) : undefined;
}

/** The subtree beside which a path is the record of a file store. */
export function recordedBy(path: string): Shaped | undefined {
  const match = RECORD.exec(path);
  return match ? shapedBy(match) : undefined;
}
