import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Io } from '../../../core/io.ts';
import { Failure, type FailureKind } from '../../../core/failure.ts';
import type { Reference } from '../../collect.ts';
import { DELETED_STAGE } from '../../stages.ts';
import type { FileContext } from '../context.ts';
import { forEachFew } from '../key-files.ts';
import { exists, experimentFolders, META, REGISTRY, subfolders, type ExperimentFolder } from '../layout.ts';
import { readMeta, readMetaIfAny, type Meta } from '../meta.ts';
import { recordedUri, tagsOf } from './candidates.ts';
import { folderOf, idsIn, readRow } from './folders.ts';
import type { Moved } from './moved.ts';

const PAGE = 500;

interface Reading {
  readonly context: FileContext;
  readonly moved: Moved;
  readonly locationTag: string;
  readonly io: Io;
}

/** A place, and where its files are if its experiment was moved into the trash. */
async function bothOf(reference: Reference, moved: Moved): Promise<readonly Reference[]> {
  const there = reference.uri === undefined ? undefined : await moved(reference.uri);
  return there === undefined ? [reference] : [reference, { ...reference, uri: there }];
}

/** Of what cannot be read, the place where its kind keeps files is taken for what it names. */
async function rowReferences(
  kind: 'run' | 'model' | 'trace',
  id: string,
  experiment: ExperimentFolder,
  { context, locationTag }: Reading,
): Promise<readonly Reference[]> {
  const owner = { kind, id } as const;
  try {
    const row = await readRow(context, kind, id, experiment);
    if (!row) return [];
    const uris = [
      await recordedUri(row),
      kind === 'run' ? (await tagsOf(row, [locationTag]))[locationTag] : undefined,
    ];
    return uris.flatMap((uri): Reference[] => (uri ? [{ owner, role: 'files', uri }] : []));
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.kind !== 'corrupt' && thrown.kind !== 'wrong-kind'))
      throw thrown;
    const uri = pathToFileURL(join(folderOf(kind, id, experiment), 'artifacts')).href;
    return [
      { owner, role: 'files', uri },
      { owner, role: 'files', runId: id },
    ];
  }
}

async function* pagesOf<T>(
  items: readonly T[],
  read: (item: T) => Promise<readonly Reference[]>,
  { moved, io }: Reading,
): AsyncGenerator<readonly Reference[]> {
  for (let from = 0; from < items.length; from += PAGE) {
    io.signal.throwIfAborted();
    const found = (await forEachFew(items.slice(from, from + PAGE), read)).flat();
    yield (await Promise.all(found.map((reference) => bothOf(reference, moved)))).flat();
  }
}

async function experimentReferences(
  experiment: ExperimentFolder,
  { context }: Reading,
): Promise<readonly Reference[]> {
  const { id } = experiment;
  const own = { owner: { kind: 'experiment', id }, role: 'root' } as const;
  const inside: Reference = { ...own, uri: pathToFileURL(experiment.path).href };
  const meta = await readMetaIfAny(experiment.path, context.clock).catch((thrown: unknown) => {
    if (thrown instanceof Failure && thrown.kind === 'corrupt') return undefined;
    throw thrown;
  });
  const uri = meta?.text('artifact_location');
  return uri ? [{ ...own, uri }, inside] : [inside];
}

function versionUris(meta: Meta): readonly (string | undefined)[] {
  return [...new Set([meta.text('source'), meta.text('storage_location')])];
}

function unreadable(owner: Reference['owner'], path: string, cause: Failure): Failure {
  return new Failure(
    {
      kind: 'refused',
      message: `nothing tells what the model version ${owner.id} needs, so nothing may be deleted: ${cause.message}`,
      hint: `restore ${path} from a backup, or move its folder out of the store if nobody uses that version`,
      subject: path,
    },
    cause,
  );
}

/** MLflow writes the keys in order and not at once: `version` is the last one that says which it is. */
function refuseCut(meta: Meta, folder: string): void {
  if (`version-${meta.text('version') ?? ''}` === folder) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${meta.path} does not describe ${folder}, or its end is missing`,
    subject: meta.path,
  });
}

async function readVersion(
  owner: Reference['owner'],
  path: string,
  folder: string,
  clock: FileContext['clock'],
): Promise<readonly Reference[]> {
  const meta = await readMeta(path, clock);
  if (meta.text('current_stage') === DELETED_STAGE) return [];
  refuseCut(meta, folder);
  const runId = meta.text('run_id');
  return [
    ...versionUris(meta).flatMap((uri): Reference[] => (uri ? [{ owner, role: 'files', uri }] : [])),
    ...(runId ? [{ owner, role: 'files', runId } as const] : []),
  ];
}

/** A version of a registered model. @throws Failure refused: one that cannot be read may need anything */
async function versionReferences(
  name: string,
  folder: string,
  { context }: Reading,
): Promise<readonly Reference[]> {
  const path = join(context.root, REGISTRY, name, folder);
  const owner = { kind: 'version', id: `${name}/${folder.slice('version-'.length)}` } as const;
  try {
    return await readVersion(owner, path, folder, context.clock);
  } catch (thrown) {
    const damaged: readonly FailureKind[] = ['corrupt', 'wrong-kind', 'not-found'];
    if (!(thrown instanceof Failure) || !damaged.includes(thrown.kind)) throw thrown;
    if (!(await exists(path))) return [];
    throw unreadable(owner, join(path, META), thrown);
  }
}

/** Everything in the store that names a place, deleted rows too: whoever asks knows which of them go. */
export async function* readReferences(reading: Reading): AsyncGenerator<readonly Reference[]> {
  const { root } = reading.context;
  const experiments = await experimentFolders(root);
  yield* pagesOf(experiments, (experiment) => experimentReferences(experiment, reading), reading);
  for (const experiment of experiments) {
    for (const kind of ['run', 'model', 'trace'] as const) {
      const ids = await idsIn(kind, experiment);
      yield* pagesOf(ids, (id) => rowReferences(kind, id, experiment, reading), reading);
    }
  }
  for (const name of await subfolders(join(root, REGISTRY))) {
    const versions = (await subfolders(join(root, REGISTRY, name))).filter((folder) =>
      /^version-\d+$/.test(folder),
    );
    yield* pagesOf(versions, (folder) => versionReferences(name, folder, reading), reading);
  }
}
