import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import type { CollectKind } from '../../collect.ts';
import type { FileContext } from '../context.ts';
import { errorCode, exists, experimentFolders, META, subfolders, TRASH } from '../layout.ts';
import type { ExperimentFolder } from '../layout.ts';
import { readMetaIfAny, type Meta } from '../meta.ts';

/** What `meta.yaml` is called while its folder is being erased: MLflow no longer finds it, the next gc does. */
export const CLAIMED = '.mlstow.erasing';

/** A row of the file store: a folder with a file that describes it. */
export interface Row {
  readonly kind: CollectKind;
  readonly id: string;
  readonly experiment: ExperimentFolder;
  /** Absolute. */
  readonly folder: string;
  readonly meta: Meta;
  /** An earlier gc began to erase it. */
  readonly isClaimed: boolean;
}

/** The name of the file that makes a folder a row. */
export function metaNameOf(kind: CollectKind): string {
  return kind === 'trace' ? 'trace_info.yaml' : META;
}

const RESERVED: ReadonlySet<string> = new Set(['tags', 'datasets', 'traces', 'models']);
const ID = /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,255}$/u;

/** Where a row of an experiment is. */
export function folderOf(kind: CollectKind, id: string, experiment: ExperimentFolder): string {
  if (kind === 'experiment') return experiment.path;
  return kind === 'run' ? join(experiment.path, id) : join(experiment.path, `${kind}s`, id);
}

/** Ids of what may be rows of a kind in an experiment. */
export async function idsIn(kind: CollectKind, experiment: ExperimentFolder): Promise<readonly string[]> {
  if (kind === 'experiment') return [experiment.id];
  const names = await subfolders(kind === 'run' ? experiment.path : join(experiment.path, `${kind}s`));
  return kind === 'run' ? names.filter((name) => !RESERVED.has(name)) : names;
}

/** A folder below another one is an uploaded file's, or a copy: its description names another place. */
function describes(meta: Meta, kind: CollectKind, id: string, experimentId: string): boolean {
  if (kind === 'trace') return true;
  if (meta.text('experiment_id') !== experimentId) return false;
  if (kind === 'experiment') return true;
  const own = kind === 'run' ? (meta.text('run_id') ?? meta.text('run_uuid')) : meta.text('model_id');
  return own === id;
}

/** Reads a row; undefined where there is none. @throws Failure corrupt, denied */
export async function readRow(
  context: FileContext,
  kind: CollectKind,
  id: string,
  experiment: ExperimentFolder,
): Promise<Row | undefined> {
  const folder = folderOf(kind, id, experiment);
  const found = await readMetaIfAny(folder, context.clock, metaNameOf(kind));
  const meta = found ?? (await readMetaIfAny(folder, context.clock, CLAIMED));
  if (!meta || !describes(meta, kind, id, experiment.id)) return undefined;
  return { kind, id, experiment, folder, meta, isClaimed: !found };
}

/** As `readRow`; what is damaged is told, and passed over as MLflow does. */
export async function readRowIfWhole(
  context: FileContext,
  kind: CollectKind,
  id: string,
  experiment: ExperimentFolder,
): Promise<Row | undefined> {
  try {
    return await readRow(context, kind, id, experiment);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.kind !== 'corrupt' && thrown.kind !== 'wrong-kind'))
      throw thrown;
    context.notify(`passed over the ${kind} ${id}: ${thrown.message}`);
    return undefined;
  }
}

/** Finds rows by their ids. */
export interface Finder {
  find(kind: CollectKind, id: string): Promise<Row | undefined>;
  /** Remembers where a row was seen. */
  seen(row: Pick<Row, 'id' | 'experiment'>): void;
}

/** Ids whose experiment is remembered. */
const REMEMBERED = 50_000;

/** Looks where a row was seen last, then in every experiment. */
export function createFinder(context: FileContext): Finder {
  const { root } = context;
  const experiments = new Map<string, string>();
  const placesOf = (id: string): readonly ExperimentFolder[] => [
    { id, path: join(root, id), isDeleted: false },
    { id, path: join(root, TRASH, id), isDeleted: true },
  ];
  const firstOf = async (
    kind: CollectKind,
    id: string,
    where: readonly ExperimentFolder[],
  ): Promise<Row | undefined> => {
    for (const experiment of where) {
      const row = await readRowIfWhole(context, kind, id, experiment);
      if (row) return row;
    }
    return undefined;
  };
  return {
    seen: ({ id, experiment }) => {
      if (experiments.size >= REMEMBERED) experiments.clear();
      experiments.set(id, experiment.id);
    },
    find: async (kind, id) => {
      if (!ID.test(id)) return undefined;
      if (kind === 'experiment') return firstOf(kind, id, placesOf(id));
      const known = experiments.get(id);
      const there = known === undefined ? undefined : await firstOf(kind, id, placesOf(known));
      return there ?? (await firstOf(kind, id, await experimentFolders(root)));
    },
  };
}

/** Gives a claimed row its name back, unless somebody wrote a new description. */
export async function unclaim({ folder, kind }: Pick<Row, 'folder' | 'kind'>): Promise<void> {
  const name = metaNameOf(kind);
  if (await exists(join(folder, name))) return;
  await rename(join(folder, CLAIMED), join(folder, name)).catch((thrown: unknown) => {
    if (errorCode(thrown) !== 'ENOENT') throw thrown;
  });
}
