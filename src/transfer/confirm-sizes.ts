import type { ArtifactStore } from '../artifacts/store.ts';
import { type ArtifactPath, parentOf, type Under } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Lost, Moved } from './report.ts';

/**
 * Reads back the sizes of files that the store did not prove while they were written: one listing per folder, whatever
 * the number of files in it. A file that is missing or of another size counts as lost; one that is listed without a size
 * stays unproven.
 */
export async function confirmSizes(
  store: ArtifactStore,
  moved: readonly Moved[],
  io: Io,
): Promise<{ readonly moved: readonly Moved[]; readonly lost: readonly Lost[] }> {
  const unproven = moved.filter(({ proof }) => proof === 'none');
  const kept: Moved[] = moved.filter(({ proof }) => proof !== 'none');
  const lost: Lost[] = [];
  for (const [folder, files] of byFolder(unproven)) {
    const outcome = await confirmFolder(store, folder, files, io);
    kept.push(...outcome.moved);
    lost.push(...outcome.lost);
  }
  return { moved: kept, lost };
}

function byFolder(files: readonly Moved[]): Map<Under, Moved[]> {
  const folders = new Map<Under, Moved[]>();
  for (const file of files) {
    const folder = parentOf(file.path as ArtifactPath);
    const known = folders.get(folder);
    if (known) known.push(file);
    else folders.set(folder, [file]);
  }
  return folders;
}

async function confirmFolder(
  store: ArtifactStore,
  folder: Under,
  files: readonly Moved[],
  io: Io,
): Promise<{ readonly moved: readonly Moved[]; readonly lost: readonly Lost[] }> {
  const sizes = new Map<string, number | undefined>();
  try {
    for await (const page of store.list(folder, { recursive: false }, io)) {
      for (const entry of page) if (entry.kind === 'file') sizes.set(entry.path, entry.size);
    }
  } catch (thrown) {
    const failure = asFailure(thrown, folder);
    return { moved: [], lost: files.map((file) => ({ path: file.path, local: file.local, failure })) };
  }
  const moved: Moved[] = [];
  const lost: Lost[] = [];
  for (const file of files) {
    const seen = sizes.get(file.path);
    if (seen === file.bytes) moved.push({ ...file, proof: 'size' });
    else if (seen === undefined && sizes.has(file.path)) moved.push(file);
    else lost.push({ path: file.path, local: file.local, failure: notThere(store, file, seen) });
  }
  return { moved, lost };
}

function notThere(store: ArtifactStore, file: Moved, seen: number | undefined): Failure {
  const found = seen === undefined ? 'is not in its listing' : `has ${seen} bytes there`;
  return new Failure({
    kind: 'corrupt',
    message: `${file.path} was sent to ${store.label} with ${file.bytes} bytes and ${found}`,
    hint: 'log it again; if it happens twice, a proxy between here and the store cuts or drops bodies',
    subject: file.path,
  });
}
