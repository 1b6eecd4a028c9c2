import type { MaxDelete } from '../../gc/brakes.ts';

/** What gc is asked to look for in the stores themselves. */
export interface SweepAsk {
  readonly mode: 'orphans' | 'incomplete-uploads';
  /** As it was typed. */
  readonly root?: string | undefined;
  /** ms */
  readonly olderThan: number;
  /** Of uploads, whether those go too that have no age. */
  readonly includeUndated: boolean;
  /** Whether it is removed, not only reported. */
  readonly deletes: boolean;
  readonly maxDelete?: MaxDelete | undefined;
  readonly alsoBackends: readonly string[];
  readonly skipIfLocked: boolean;
  readonly allVersions: boolean;
  /** Absolute. */
  readonly artifactBase?: string | undefined;
}
