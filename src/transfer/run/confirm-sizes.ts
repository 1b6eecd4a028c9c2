import type { ArtifactStore } from '../../artifacts/store.ts';
import { type ArtifactPath, parentOf, type Under } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Lost, Moved } from '../report.ts';
import type { DoneFile, Journal } from './journal/journal.ts';
import type { Record } from './record.ts';

/** A file that was sent, and what the journal is to say of it. */
export interface Sent {
  readonly moved: Moved;
  readonly done?: DoneFile;
}

/** Where files go that were sent. */
export interface Confirming {
  /** Writes a proven file down; one that nothing proved waits until its size was read back. */
  add(sent: Sent): Promise<void>;
  /** Reads back the sizes of all that wait; once the transfer was stopped they stay unproven. */
  rest(): Promise<void>;
}

/** How many files wait at most: each folder is listed once for them, and they are held in memory. */
const MOST_WAITING = 20_000;

/**
 * Reads back the sizes of files that the store did not prove while they were written: one listing per folder, whatever
 * the number of files in it. A file that is missing or of another size counts as lost; one that is listed without a size
 * stays unproven.
 */
export function confirmLater(store: ArtifactStore, record: Record, journal: Journal, io: Io): Confirming {
  let waiting: Sent[] = [];
  const tell = ({ moved, done }: Sent): void => {
    record.done(moved);
    if (done) journal.done(done);
  };
  const confirm = async (): Promise<void> => {
    const files = waiting;
    waiting = [];
    if (io.signal.aborted) files.forEach(tell);
    else
      for (const [folder, inFolder] of byFolder(files)) {
        await confirmFolder(
          store,
          folder,
          inFolder,
          { arrived: tell, lost: (one) => record.failed(one) },
          io,
        );
      }
  };
  return {
    add: async (sent) => {
      if (sent.moved.proof !== 'none') {
        tell(sent);
        return;
      }
      waiting.push(sent);
      if (waiting.length >= MOST_WAITING) await confirm();
    },
    rest: confirm,
  };
}

function byFolder(files: readonly Sent[]): Map<Under, Sent[]> {
  const folders = new Map<Under, Sent[]>();
  for (const file of files) {
    const folder = parentOf(file.moved.path as ArtifactPath);
    const known = folders.get(folder);
    if (known) known.push(file);
    else folders.set(folder, [file]);
  }
  return folders;
}

interface Outcome {
  readonly arrived: (sent: Sent) => void;
  readonly lost: (lost: Lost) => void;
}

async function confirmFolder(
  store: ArtifactStore,
  folder: Under,
  files: readonly Sent[],
  outcome: Outcome,
  io: Io,
): Promise<void> {
  const wanted = new Map<string, Sent>(files.map((file) => [file.moved.path, file]));
  const told = new Set<string>();
  const lose = ({ moved: { path, local } }: Sent, failure: Failure) => outcome.lost({ path, local, failure });
  try {
    for await (const page of store.list(folder, { recursive: false }, io)) {
      for (const { kind, path, size } of page) {
        const file = kind === 'file' && !told.has(path) ? wanted.get(path) : undefined;
        if (!file) continue;
        told.add(path);
        if (size === undefined) outcome.arrived(file);
        else if (size === file.moved.bytes)
          outcome.arrived({ ...file, moved: { ...file.moved, proof: 'size' } });
        else lose(file, notThere(store, file.moved, size));
      }
    }
    for (const file of files)
      if (!told.has(file.moved.path)) lose(file, notThere(store, file.moved, undefined));
  } catch (thrown) {
    const failure = asFailure(thrown, folder);
    for (const file of files) if (!told.has(file.moved.path)) lose(file, failure);
  }
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
