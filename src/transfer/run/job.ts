/** Something small to do at one go. */
export interface WholeJob {
  readonly kind: 'whole';
  /** May be called again when it failed for want of open files. */
  run(): Promise<void>;
  /** It failed for good. */
  failed(thrown: unknown): Promise<void> | void;
}

/** Something large to do in parts. */
export interface PartedJob {
  readonly kind: 'parted';
  /** May be called again when it failed for want of open files, or after `giveUp`. */
  open(): Promise<OpenJob>;
  /** It failed for good. */
  failed(thrown: unknown): Promise<void> | void;
}

/** A large job whose parts can be done. */
export interface OpenJob {
  /** How many parts may be under way at once. */
  readonly atOnce: number;
  /** What each part takes; one may be called again when it failed for want of open files. */
  readonly parts: Iterable<() => Promise<void>>;
  /** Called once every part is done. */
  finish(): Promise<void>;
  /**
   * Called when a part or the finish failed and no part is under way any more.
   * @returns `again` to open the job anew; otherwise it has failed
   */
  giveUp(thrown: unknown): Promise<'again' | 'failed'>;
}

export type Job = WholeJob | PartedJob;
