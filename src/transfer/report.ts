import { exitCodeOf, Failure, type FailureKind } from '../core/failure.ts';

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
}

/** One file that did not arrive. */
export interface Lost {
  readonly path: string;
  readonly local: string;
  readonly failure: Failure;
}

/** What a transfer did. */
export interface Report {
  readonly moved: readonly Moved[];
  readonly lost: readonly Lost[];
  readonly bytes: number;
  /** Why the transfer ended before every file was tried: a signal or the deadline. */
  readonly stopped?: Failure;
}

/** Who watches a transfer: called as it happens, never waited for. */
export interface Observer {
  planned(files: number, bytes: number): void;
  progress(bytes: number): void;
  done(moved: Moved): void;
  failed(lost: Lost): void;
}

/** The kind that stands for all causes: the first's when all lead to one exit code, else `partial`. */
function commonKind(lost: readonly Lost[]): FailureKind {
  const [first, ...rest] = lost.map(({ failure }) => failure.kind);
  const isCommon = first !== undefined && rest.every((kind) => exitCodeOf(kind) === exitCodeOf(first));
  return isCommon ? first : 'partial';
}

/**
 * The failure that a finished transfer ends with: none when every file arrived, `partial` when some did, the common
 * kind of the causes when none did. A cancel beats all, a deadline beats the rest.
 */
export function failureOf(report: Report, subject: string): Failure | undefined {
  const stop = report.stopped ?? ofKind(report, 'cancelled') ?? ofKind(report, 'deadline');
  if (stop) return stop;
  const [first] = report.lost;
  if (!first) return undefined;
  const total = report.lost.length + report.moved.length;
  if (total === 1) return first.failure;
  const kind = report.moved.length > 0 ? 'partial' : commonKind(report.lost);
  return new Failure({
    kind,
    message: `${report.lost.length} of ${total} files failed at ${subject}; the first: ${first.failure.message}`,
    subject,
    ...(first.failure.facts.hint === undefined ? {} : { hint: first.failure.facts.hint }),
  });
}

function ofKind({ lost }: Report, kind: FailureKind): Failure | undefined {
  return lost.find(({ failure }) => failure.kind === kind)?.failure;
}
