import type { CollectKind } from '../tracking/collect.ts';

/**
 * What became, or will become, of one row. `keep`: a rule or somebody's need speaks for it. `skip`: it is another one by
 * now. `fail`: it should go and could not, its row is still there. `absent`: it was gone already.
 */
export type Action = 'delete' | 'keep' | 'skip' | 'fail' | 'absent';

/** What spoke against removing: it is active, in another workspace, somebody needs it, its root is not proven. */
export type Brake = 'active' | 'workspace' | 'reference' | 'root';

/** What is told of a row, of what is left of one, or of an upload that was never finished. */
export interface Told {
  readonly kind: CollectKind | 'upload';
  readonly id: string;
  readonly experimentId: string;
  readonly uri?: string;
  /** Its id was given. */
  readonly named: boolean;
}

/** A row that was asked for. */
export interface Item extends Told {
  readonly seq: number;
  readonly kind: CollectKind;
  /** The run's tag that names a second place. */
  readonly taggedUri?: string;
  /** Where an earlier gc began to remove its files, if one did. */
  readonly marked?: string;
  /** The artifact root that its files are below. */
  readonly root?: string;
  readonly action: Action;
  readonly reason?: string;
  readonly brake?: Brake;
}

/** How one ended. */
export interface Outcome {
  readonly item: Told;
  readonly action: Action;
  readonly reason?: string;
  readonly brake?: Brake;
  /** Objects removed, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Of those bytes what the server keeps as older versions. */
  readonly notFreed?: number;
  /** Of a row that was restored meanwhile: the objects that were gone already, some of them. */
  readonly gone?: readonly string[];
}
