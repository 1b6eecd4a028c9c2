import { exitCodeOf, Failure, type FailureKind } from '../core/failure.ts';
import type { Checksum } from '../core/checksum.ts';
import type { MoveWhy, Skipped, SkipWhy } from './items.ts';

/** How it is known that a transferred file is whole; `none`: neither store nor listing told. */
export type Proof = 'checksum' | 'size' | 'none';

/** One file that arrived. */
export interface Moved {
  /** Artifact path of the file. */
  readonly path: string;
  /** Where it is on this machine. */
  readonly local: string;
  readonly bytes: number;
  readonly proof: Proof;
  /** Why it was moved. */
  readonly why?: MoveWhy;
  /** Of the whole file, where the store knows one. */
  readonly checksum?: Checksum;
}

/** The checksum of a whole file among several, for a `Moved`. */
export function wholeChecksum(checksums: readonly Checksum[]): Pick<Moved, 'checksum'> {
  const checksum = checksums.find(({ scope }) => scope === 'whole');
  return checksum ? { checksum } : {};
}

/** One file that did not arrive. */
export interface Lost {
  readonly path: string;
  readonly local: string;
  readonly failure: Failure;
}

/** How many losses a report names; further ones are only counted. */
export const MOST_LOST = 1000;

/** What a transfer did, in counts: it has one size for ten files and for ten millions. */
export interface Report {
  /** Files that arrived. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Files that arrived, by what proved them. */
  readonly verified: Readonly<Record<Proof, number>>;
  readonly skipped: Readonly<Partial<Record<SkipWhy, number>>>;
  /** Files that did not arrive. */
  readonly failed: number;
  /** The first of those, at most `MOST_LOST`. */
  readonly lost: readonly Lost[];
  /** Whether all losses lead to one exit code. */
  readonly alike: boolean;
  /** Folders without files that the store, which has no folders, cannot hold. */
  readonly foldersLeftOut: number;
  /** Why the transfer ended before every file was tried: a signal, the deadline, or a listing that broke off. */
  readonly stopped?: Failure;
}

/** Who watches a transfer: called as it happens, never waited for. */
export interface Observer {
  /** So many more files, of so many more bytes, are to be moved. */
  planned(files: number, bytes: number): void;
  /** `planned` is not called again. */
  planEnded(): void;
  /** A file is being moved from now on; `bytes` where its size is known. */
  started(path: string, bytes?: number): void;
  /** So many more bytes of it have moved. */
  progress(path: string, bytes: number): void;
  /** It is no longer being moved; how that ended is told by `done` or `failed`, maybe later. */
  ended(path: string): void;
  done(moved: Moved): void;
  skipped(skipped: Skipped): void;
  failed(lost: Lost): void;
}

/**
 * The failure that a finished transfer ends with: none when every file arrived or was rightly left alone, `partial` when
 * some did, the common kind of the causes when none did. A stop beats the rest.
 */
export function failureOf(report: Report, subject: string): Failure | undefined {
  const stop = report.stopped ?? ofKind(report, 'cancelled') ?? ofKind(report, 'deadline');
  if (stop) return stop;
  const [first] = report.lost;
  if (!first) return undefined;
  const total = report.failed + report.files;
  if (total === 1) return first.failure;
  const isCommon = report.files === 0 && report.alike;
  return new Failure({
    kind: isCommon ? first.failure.kind : 'partial',
    message: `${report.failed} of ${total} files failed at ${subject}; the first: ${first.failure.message}`,
    subject,
    ...(first.failure.facts.hint === undefined ? {} : { hint: first.failure.facts.hint }),
  });
}

function ofKind({ lost }: Report, kind: FailureKind): Failure | undefined {
  return lost.find(({ failure }) => failure.kind === kind)?.failure;
}

/** Whether two failures lead to the same exit code. */
export function sameExit(a: Failure, b: Failure): boolean {
  return exitCodeOf(a.kind) === exitCodeOf(b.kind);
}
