/** How a name differs: it is on one side only, or what is there has another size, content or kind. */
export type DifferenceWhy = 'missing-here' | 'missing-there' | 'size' | 'content' | 'kind';

/** A name that is not the same on both sides. */
export interface Difference {
  /** Artifact path. */
  readonly path: string;
  /** On this machine, whether it is there or not. */
  readonly local: string;
  readonly why: DifferenceWhy;
  /** At the store, in bytes, where it is known. */
  readonly bytes?: number;
  /** On this machine, in bytes. */
  readonly localBytes?: number;
  /** More words for people: `10 bytes there, 12 here`. */
  readonly detail?: string;
}
