import type { Io } from '../core/io.ts';
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';

export type CheckId = `D${number}`;

/** Parts of the context that a check cannot do without: it is skipped, with the reason, when one cannot be had. */
export const PIECES = ['tracking', 'server', 'experiments', 'roots', 'probeRun'] as const;
export type Piece = (typeof PIECES)[number];

/** What a check looks at; the report and the reference page are in this order. */
export const AREAS = ['configuration', 'server', 'records', 'stores', 'end to end'] as const;
export type Area = (typeof AREAS)[number];

/** One thing that may lose an artifact, looked for by itself. */
export interface Check {
  /** Never given to another check: people paste it. */
  readonly id: CheckId;
  /** The name of its file. */
  readonly name: string;
  readonly area: Area;
  /** What holds when all is well, in a few words. */
  readonly title: string;
  /** The symptom, its cause and the way out, for `--explain` and the reference page: a few sentences. */
  readonly explain: string;
  /** Whether it talks to anything but this process's settings and files: skipped with `--offline`. */
  readonly network: boolean;
  /** Whether it writes a probe: skipped with `--read-only`. */
  readonly writes?: true;
  /** Checks that must have passed, which stand before it in the list, and pieces of the context. */
  readonly needs: readonly (CheckId | Piece)[];
  /** How long it may take, in ms; 10 s unless told. */
  readonly timeoutMs?: number;
  /**
   * Looks. No finding means that all is well. A Failure becomes a finding with its message, and its hint as the remedy;
   * anything else that is thrown is a bug of the check and becomes a finding too.
   */
  run(context: Context, io: Io): readonly Finding[] | Promise<readonly Finding[]>;
}

export function isPiece(need: CheckId | Piece): need is Piece {
  return (PIECES as readonly string[]).includes(need);
}
