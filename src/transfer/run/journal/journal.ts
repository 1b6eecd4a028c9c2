import { createHash, randomBytes } from 'node:crypto';
import type { FileIdentity } from '../../../artifacts/sources.ts';
import type { Receipt } from '../../../artifacts/store.ts';

/** What a file was: bytes, modification time in ms, and inode. */
export type Identity = Pick<FileIdentity, 'size' | 'mtimeMs' | 'ino'>;

/** The same without what a journal need not hold. */
export function bareIdentity({ size, mtimeMs, ino }: Identity): Identity {
  return { size, mtimeMs, ino };
}

/** A file that arrived: for an upload what its source was, for a download what was placed. */
export interface DoneFile extends Identity {
  readonly path: string;
  /** The version at the store, where it tells one. */
  readonly version?: string;
}

/** An upload in parts that an interrupted try began; without a token nobody knows whether the store began it, too. */
export interface EarlierUpload {
  readonly path: string;
  /** Absent for standard input. */
  readonly identity?: Identity;
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  /** When it was begun, in ms since the epoch, by this machine's clock. */
  readonly at: number;
  readonly token?: string;
  readonly receipts: readonly Receipt[];
}

/** A file that an interrupted try began to fetch in ranges. */
export interface EarlierDownload {
  readonly path: string;
  readonly version: string;
  readonly size: number;
  readonly rangeBytes: number;
  /** CRC-32 of each range that is on disk, by number from 1. */
  readonly ranges: ReadonlyMap<number, number>;
}

/** What is written down of a transfer, so that an interrupted one can go on. Writing never fails: it is a convenience. */
export interface Journal {
  /** 16 hex digits that name this transfer's partial files. */
  readonly id: string;
  /** Whether an interrupted try went before, so that there may be partial files with this id. */
  readonly resumed: boolean;
  /** How many files that try moved. */
  readonly doneBefore: number;
  /**
   * Whether that try moved a file of this path and identity; gives the fingerprint of its path, size and version at the
   * store (`''` where that told none).
   */
  wasDone(path: string, identity: Identity): string | undefined;
  /** What that try began and did not finish; each is given once. */
  takeUpload(path: string): EarlierUpload | undefined;
  takeDownload(path: string): EarlierDownload | undefined;
  /** Uploads that nobody took. */
  leftUploads(): Iterable<EarlierUpload>;
  done(file: DoneFile): void;
  /**
   * Resolves when it is on disk: a file is written only then. `mark` is what the file was at its source. Only where nothing
   * may be there already, so that what this transfer wrote is known from what others did.
   */
  intend(path: string, mark: string): Promise<void>;
  /** Whether that try was about to write, and maybe wrote, a file of this path and mark. */
  wasIntended(path: string, mark: string): boolean;
  /** Resolves when it is on disk: an upload is begun only then. */
  begin(upload: Omit<EarlierUpload, 'token' | 'receipts'>): Promise<void>;
  token(path: string, token: string): Promise<void>;
  part(path: string, receipt: Receipt): void;
  /** Resolves when it is on disk: a partial file is made only then. */
  fetch(download: Omit<EarlierDownload, 'ranges'>): Promise<void>;
  range(path: string, number: number, crc32: number): void;
  /** Resolves when there is a journal on disk, which names the partial files, and in it all that was told so far. */
  ready(): Promise<void>;
  /** What was begun of this path is gone. */
  gone(path: string): void;
  /** Removes it when everything arrived; else it stays for the next try. */
  close(everythingArrived: boolean): Promise<void>;
}

/** A few words as 16 characters: millions of them fit into memory. */
export function fingerprint(...words: readonly (string | number)[]): string {
  return createHash('sha256').update(words.join('\0')).digest().toString('latin1', 0, 16);
}

const nothing = async (): Promise<void> => undefined;

/** A journal that is not kept. */
export function noJournal(): Journal {
  return {
    id: randomBytes(8).toString('hex'),
    resumed: false,
    doneBefore: 0,
    wasDone: () => undefined,
    takeUpload: () => undefined,
    takeDownload: () => undefined,
    leftUploads: () => [],
    done: () => undefined,
    intend: nothing,
    wasIntended: () => false,
    begin: nothing,
    token: nothing,
    part: () => undefined,
    fetch: nothing,
    range: () => undefined,
    ready: nothing,
    gone: () => undefined,
    close: nothing,
  };
}
