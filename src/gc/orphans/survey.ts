import type { ArtifactStore, Entry } from '../../artifacts/store.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Scratch } from '../scratch/open-scratch.ts';
import { recordedBy, shapedOf, type Shaped } from './shape.ts';

/** A time that is not known. */
export const UNDATED = -1;

interface Sum {
  readonly shaped: Shaped;
  objects: number;
  bytes: number;
  newest: number;
  /** Of its folders: it counts where there is nothing else. */
  folder: number;
  undated: boolean;
  recorded: boolean;
}

function sumOf(sums: Map<string, Sum>, shaped: Shaped): Sum {
  const sum = sums.get(shaped.under) ?? {
    shaped,
    objects: 0,
    bytes: 0,
    newest: UNDATED,
    folder: UNDATED,
    undated: false,
    recorded: false,
  };
  sums.set(shaped.under, sum);
  return sum;
}

function add(sums: Map<string, Sum>, { path, kind, size = 0, modified }: Entry): void {
  const record = recordedBy(path);
  if (record) sumOf(sums, record).recorded = true;
  const shaped = shapedOf(path);
  if (!shaped) return;
  const sum = sumOf(sums, shaped);
  const time = modified?.getTime() ?? UNDATED;
  if (kind === 'directory') {
    sum.folder = Math.max(sum.folder, time);
    return;
  }
  sum.newest = Math.max(sum.newest, time);
  sum.objects += 1;
  sum.bytes += size;
  sum.undated ||= modified === undefined;
}

function save(scratch: Scratch, sums: ReadonlyMap<string, Sum>): void {
  for (const { shaped, objects, bytes, newest, folder, undated, recorded } of sums.values()) {
    scratch.run(
      `INSERT INTO found (kind, id, experiment, under, holder, objects, bytes, newest, folder, undated, recorded)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (under) DO UPDATE SET objects = objects + excluded.objects, bytes = bytes + excluded.bytes,
         newest = max(newest, excluded.newest), folder = max(folder, excluded.folder), undated = max(undated, excluded.undated),
         recorded = max(recorded, excluded.recorded)`,
      shaped.kind,
      shaped.id,
      shaped.experimentId,
      shaped.under,
      shaped.holder,
      objects,
      bytes,
      newest,
      folder,
      undated ? 1 : 0,
      recorded ? 1 : 0,
    );
  }
}

function incomplete(store: ArtifactStore, thrown: unknown): Failure {
  const failure = asFailure(thrown, store.label);
  return failure.with({
    kind: 'refused',
    message: `${store.label} was not listed to its end, so nothing tells what is an orphan: ${failure.message}`,
    retry: 'never',
  });
}

/**
 * Records in the scratch database what lies at a root, by subtree.
 * @throws Failure refused: the root is not there, or a listing failed; unsupported: it tells no times
 */
export async function survey(store: ArtifactStore, scratch: Scratch, io: Io): Promise<void> {
  if (store.traits.modified === 'none') {
    throw new Failure({
      kind: 'unsupported',
      message: `${store.label} does not tell how old its objects are, so young ones cannot be spared`,
      hint: 'give the store behind it, such as s3://bucket/path or a folder, with --root',
      subject: store.label,
    });
  }
  try {
    const { anchor } = await store.facts(io);
    if (anchor === 'absent')
      throw new Failure({ kind: 'not-found', message: 'it is not there', subject: store.label });
    for await (const page of store.list('', { recursive: true }, io)) {
      const sums = new Map<string, Sum>();
      for (const entry of page) add(sums, entry);
      save(scratch, sums);
    }
  } catch (thrown) {
    if (io.signal.aborted) throw thrown;
    throw incomplete(store, thrown);
  }
}
