import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Io } from '../../../core/io.ts';
import { formatLine, type Header, type Line } from './lines.ts';

/** How long lines wait that nothing depends on, and how often a long transfer shows that it lives, in ms. */
const BATCH_MS = 200;
const BEAT_MS = 30_000;
/** How much of them waits at most, in characters. */
const BATCH_CHARS = 256 * 1024;

/** Appends lines to a journal. Trouble with that is told to the trace, once, and ends the writing. */
export interface Writer {
  /** Written with the next batch. */
  later(line: Line): void;
  /** Resolves when it, and all before it, is written. */
  now(line?: Line): Promise<void>;
  /** Writes what waits and, with `remove`, removes the file. */
  close(remove: boolean): Promise<void>;
}

/**
 * A writer of `file`; nothing is on disk before the first batch, so a short transfer makes no file. The header is the
 * first line of a new journal; without one the file is there and ours already. One that another process made meanwhile is
 * left to it, and nothing is written.
 */
export function createWriter(
  file: string,
  header: Header | undefined,
  trace: NonNullable<Io['trace']>,
): Writer {
  let held = '';
  let handle: FileHandle | undefined;
  let broken = false;
  let batch: NodeJS.Timeout | undefined;
  let beat: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const text = held;
    held = '';
    if (broken || (text === '' && handle)) return;
    try {
      handle ??= await create(file, header);
      beat ??= beating(handle);
      await handle.appendFile(text);
    } catch (thrown) {
      broken = true;
      trace('journal-given-up', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(batch);
    batch = undefined;
    last = last.then(write);
    await last;
  };
  return {
    later: (line) => {
      if (broken) return;
      held += formatLine(line);
      if (held.length >= BATCH_CHARS) void flush();
      else batch ??= setTimeout(() => void flush(), BATCH_MS).unref();
    },
    now: async (line) => {
      if (line) held += formatLine(line);
      await flush();
    },
    close: async (remove) => {
      clearInterval(beat);
      clearTimeout(batch);
      if (remove) held = '';
      if (held !== '') await flush();
      await last;
      await handle?.close();
      if (remove && (handle ?? !header)) await rm(file, { force: true });
    },
  };
}

async function create(file: string, header: Header | undefined): Promise<FileHandle> {
  if (!header) return open(file, 'a');
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await removeOld(dirname(file));
  const handle = await open(file, 'ax', 0o600);
  await handle.appendFile(formatLine(header));
  return handle;
}

/** How long the notes of a transfer that nobody tries again are kept, in ms: stores forget unfinished uploads sooner. */
const KEPT_MS = 30 * 24 * 3_600_000;

async function removeOld(folder: string): Promise<void> {
  const oldest = Date.now() - KEPT_MS;
  for (const name of await readdir(folder)) {
    const facts = await stat(join(folder, name)).catch(() => undefined);
    if (facts && facts.mtimeMs < oldest) await rm(join(folder, name), { force: true });
  }
}

function beating(handle: FileHandle): NodeJS.Timeout {
  return setInterval(() => {
    const now = new Date();
    handle.utimes(now, now).catch(() => undefined);
  }, BEAT_MS).unref();
}
