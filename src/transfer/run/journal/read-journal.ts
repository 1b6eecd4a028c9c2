import { open } from 'node:fs/promises';
import type { Receipt } from '../../../artifacts/store.ts';
import { fingerprint, type EarlierDownload, type EarlierUpload, type Identity } from './journal.ts';
import { parseLine, SCHEMA, type Header, type Line } from './lines.ts';

/** What an interrupted try wrote down. */
export interface Earlier {
  /** Who wrote last. */
  readonly header: Header;
  /** By the fingerprint of path and identity: that of path, size and version at the store. */
  readonly done: ReadonlyMap<string, string>;
  /** By the fingerprint of a path: that of the path and what was to be written there. */
  readonly intended: ReadonlyMap<string, string>;
  readonly uploads: Map<string, EarlierUpload>;
  readonly downloads: Map<string, EarlierDownload>;
}

/** How a file is known in the map of what was done. */
export function identityKey(path: string, { size, mtimeMs, ino }: Identity): string {
  return fingerprint(path, size, mtimeMs, ino);
}

/**
 * Reads a journal. The last line may be torn by whatever interrupted its writer: it is left out.
 * @returns undefined when there is none, `other` when it is not one of ours or of another layout
 */
export async function readJournal(file: string): Promise<Earlier | 'other' | undefined> {
  const handle = await open(file, 'r').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (!handle) return undefined;
  const state = new State();
  try {
    for await (const text of handle.readLines({ autoClose: false })) {
      const line = parseLine(text);
      if (line) state.take(line);
      if (!state.header) return 'other';
    }
  } finally {
    await handle.close();
  }
  return state.earlier() ?? 'other';
}

type Open<T, K extends keyof T, V> = Omit<T, K> & { readonly [P in K]: V };
type OpenUpload = Open<EarlierUpload, 'receipts', Map<number, Receipt>>;
type OpenDownload = Open<EarlierDownload, 'ranges', Map<number, number>>;

class State {
  header: Header | undefined;
  readonly #done = new Map<string, string>();
  readonly #intended = new Map<string, string>();
  readonly #uploads = new Map<string, OpenUpload>();
  readonly #downloads = new Map<string, OpenDownload>();

  take(line: Line): void {
    switch (line.kind) {
      case 'transfer':
        if (line.schema === SCHEMA) this.header = line;
        break;
      case 'done':
        this.#forget(line.path);
        this.#done.set(identityKey(line.path, line), fingerprint(line.path, line.size, line.version ?? ''));
        break;
      case 'intent':
        this.#intended.set(fingerprint(line.path), fingerprint(line.path, line.mark));
        break;
      case 'gone':
        this.#forget(line.path);
        this.#intended.delete(fingerprint(line.path));
        break;
      case 'fetch':
        this.#downloads.set(line.path, { ...line, ranges: new Map() });
        break;
      case 'range':
        this.#downloads.get(line.path)?.ranges.set(line.number, line.crc32);
        break;
      default:
        this.#takeUpload(line);
    }
  }

  #takeUpload(line: Extract<Line, { kind: 'begin' | 'token' | 'part' }>): void {
    const known = this.#uploads.get(line.path);
    if (line.kind === 'begin') this.#uploads.set(line.path, { ...line, receipts: new Map() });
    else if (!known) return;
    else if (line.kind === 'token') this.#uploads.set(line.path, { ...known, token: line.token });
    else known.receipts.set(line.number, receiptOf(line));
  }

  #forget(path: string): void {
    this.#uploads.delete(path);
    this.#downloads.delete(path);
  }

  earlier(): Earlier | undefined {
    if (!this.header) return undefined;
    const uploads = [...this.#uploads].map(
      ([path, upload]) => [path, { ...upload, receipts: [...upload.receipts.values()] }] as const,
    );
    return {
      header: this.header,
      done: this.#done,
      intended: this.#intended,
      uploads: new Map(uploads),
      downloads: this.#downloads,
    };
  }
}

function receiptOf({ number, offset, size, tag, checksum }: Extract<Line, { kind: 'part' }>): Receipt {
  return { number, offset, size, tag, ...(checksum ? { checksum } : {}) };
}
