import { createHash, randomBytes } from 'node:crypto';
import { appendFile, link, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../../core/io.ts';
import { fingerprint, noJournal, type EarlierDownload, type EarlierUpload, type Journal } from './journal.ts';
import { formatLine, SCHEMA, type Header } from './lines.ts';
import { identityKey, readJournal, type Earlier } from './read-journal.ts';
import { createWriter, type Writer } from './write-journal.ts';

/** What a transfer is known by: the same sources to the same target are one transfer, however often it is tried. */
export interface Transfer {
  readonly direction: Header['direction'];
  /** As the store says it. */
  readonly backend: string;
  /** Redacted URI, or folder. */
  readonly target: string;
  readonly sources: readonly string[];
}

/** Where journals are, and who is told of one that is not used. */
export interface JournalPlace {
  /** `transfers` of the state folder. */
  readonly folder: string;
  readonly tell: (message: string) => void;
  /** In ms since the epoch. */
  readonly now: number;
}

/** How long a journal of another host is untouched before its process counts as gone, in ms: four beats. */
const SILENT_MS = 120_000;

/**
 * Opens the journal of a transfer, with what an interrupted try left in it. One that belongs to a process that runs, or
 * is of another layout, is not used, and that is told; neither it nor anything that goes wrong with it is a failure.
 */
export async function openJournal(transfer: Transfer, place: JournalPlace, io: Io): Promise<Journal> {
  const { direction, backend, target, sources } = transfer;
  const key = createHash('sha256')
    .update(JSON.stringify([direction, backend, target, sources]))
    .digest('hex');
  const file = join(place.folder, `${key}.jsonl`);
  const trace = io.trace ?? (() => undefined);
  try {
    const id = randomBytes(8).toString('hex');
    const fresh: Header = {
      ...{ kind: 'transfer', schema: SCHEMA, id, pid: process.pid, host: hostname(), began: place.now },
      ...{ direction, target, sources },
    };
    const found = await takeOver(file, fresh, place);
    if (found === 'in-use') return noJournal();
    return journalOn(found?.header.id ?? id, createWriter(file, found ? undefined : fresh, trace), found);
  } catch (thrown) {
    trace('journal-given-up', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
    return noJournal();
  }
}

/** Makes an earlier journal ours, so that of two processes that find it one goes on with it. */
async function takeOver(
  file: string,
  fresh: Header,
  { tell, now }: JournalPlace,
): Promise<Earlier | 'in-use' | undefined> {
  const found = await readJournal(file);
  if (found === undefined) return undefined;
  if (found === 'other') {
    tell(`the notes of an interrupted transfer in ${file} are of another version and are not used`);
    await rm(file, { force: true });
    return undefined;
  }
  if (await isAlive(found.header, file, now)) {
    const { pid, host } = found.header;
    tell(
      `the same transfer is being made by process ${pid} on ${host}; this one takes no notes to resume from`,
    );
    return 'in-use';
  }
  const mine = `${file}.${fresh.id}`;
  await rename(file, mine);
  // Between reading and renaming, another process may have made it its own; it gets it back.
  const again = await readJournal(mine);
  const { pid, began, id } = found.header;
  const isSame = typeof again === 'object' && again.header.pid === pid && again.header.began === began;
  // The last line may be torn: ours starts a new one.
  if (isSame) await appendFile(mine, `\n${formatLine({ ...fresh, id })}`);
  await link(mine, file);
  await rm(mine, { force: true });
  return isSame ? found : 'in-use';
}

async function isAlive({ pid, host }: Header, file: string, now: number): Promise<boolean> {
  if (host !== hostname()) {
    const facts = await stat(file).catch(() => undefined);
    return facts !== undefined && now - facts.mtimeMs < SILENT_MS;
  }
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function journalOn(id: string, writer: Writer, earlier: Earlier | undefined): Journal {
  const uploads = earlier?.uploads ?? new Map<string, EarlierUpload>();
  const downloads = earlier?.downloads ?? new Map<string, EarlierDownload>();
  return {
    id,
    resumed: earlier !== undefined,
    doneBefore: earlier?.done.size ?? 0,
    wasDone: (path, identity) => earlier?.done.get(identityKey(path, identity)),
    takeUpload: (path) => take(uploads, path),
    takeDownload: (path) => take(downloads, path),
    leftUploads: () => [...uploads.values()],
    done: (file) => writer.later({ kind: 'done', ...file }),
    intend: async (path, mark) => writer.now({ kind: 'intent', path, mark }),
    wasIntended: (path, mark) => earlier?.intended.get(fingerprint(path)) === fingerprint(path, mark),
    begin: async (upload) => writer.now({ kind: 'begin', ...upload }),
    token: async (path, token) => writer.now({ kind: 'token', path, token }),
    part: (path, receipt) => writer.later({ kind: 'part', path, ...receipt }),
    fetch: async (download) => writer.now({ kind: 'fetch', ...download }),
    range: (path, number, crc32) => writer.later({ kind: 'range', path, number, crc32 }),
    ready: async () => writer.now(),
    gone: (path) => writer.later({ kind: 'gone', path }),
    close: async (everythingArrived) => writer.close(everythingArrived),
  };
}

function take<T>(from: Map<string, T>, path: string): T | undefined {
  const found = from.get(path);
  from.delete(path);
  return found;
}
