import type { Receipt } from '../../../artifacts/store.ts';
import type { DoneFile, EarlierDownload, EarlierUpload } from './journal.ts';

/** The layout of a journal; one of another layout is not read. */
export const SCHEMA = 1;

/** Who writes a journal, and of what; written by every process that takes it up. */
export interface Header {
  readonly kind: 'transfer';
  readonly schema: number;
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** In ms since the epoch. */
  readonly began: number;
  readonly direction: 'upload' | 'download';
  readonly target: string;
  readonly sources: readonly string[];
}

/** One line of a journal. */
export type Line =
  | Header
  | ({ readonly kind: 'done' } & DoneFile)
  | ({ readonly kind: 'begin' } & Omit<EarlierUpload, 'token' | 'receipts'>)
  | { readonly kind: 'token'; readonly path: string; readonly token: string }
  | ({ readonly kind: 'part'; readonly path: string } & Receipt)
  | ({ readonly kind: 'fetch' } & Omit<EarlierDownload, 'ranges'>)
  | { readonly kind: 'range'; readonly path: string; readonly number: number; readonly crc32: number }
  | { readonly kind: 'intent'; readonly path: string; readonly mark: string }
  | { readonly kind: 'gone'; readonly path: string };

/** A line as it is written, with its end. */
export function formatLine(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** A line that was read; undefined for one that is torn or no line of ours. */
export function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}
