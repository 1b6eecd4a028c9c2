import { randomBytes } from 'node:crypto';
import type { ArtifactStore, Traits } from '../../../src/artifacts/store.ts';

/** An optional member of a store's contract; `attach` of its `multipart`, `confirmed` of what `attach` gives. */
export type Member = 'multipart' | 'attach' | 'confirmed' | 'incomplete' | 'makeDirectory' | 'versions';

/**
 * A store under test. Cases are chosen by `traits`, `members` and the hooks that are present when the suite is
 * registered; the first case proves that the opened store says the same of itself. Starting and stopping what stands
 * behind it is the test file's own `beforeAll` and `afterAll`.
 */
export interface ArtifactStoreBed {
  readonly name: string;
  /** Names of the running programs that this store stands on; all that run, unless told. */
  readonly programs?: readonly string[];
  readonly traits: Traits;
  readonly members: readonly Member[];
  /** Members that the store has and the server behind this bed does not answer rightly. */
  readonly unproven?: readonly Member[];
  /** That parts of an upload that was given up stay until they expire. */
  readonly keepsParts?: true;
  /** How many parts, and how many unfinished uploads, take more than one page; absent where that takes too long. */
  readonly manyParts?: number;
  readonly manyUploads?: number;
  /** That unfinished uploads are found only at paths where nothing is stored. */
  readonly findsNewOnly?: true;
  /** What versions its entries carry. */
  readonly versions: 'strong' | 'weak' | 'none';
  /** That its bucket keeps what is replaced or removed. */
  readonly keepsVersions?: true;
  /** That bodies carry strong versions, where listed entries carry none. */
  readonly bodyVersions?: true;
  /** That pages carry markers, where the order is `none`. */
  readonly markers?: true;
  /** The raw store, without layers, at an empty root of that name; the bucket, server or mount below it exists. */
  readonly open: (root: string) => Promise<ArtifactStore>;
  /** A store whose bucket, server root or mount does not exist. */
  readonly openMissing?: () => Promise<ArtifactStore>;
  /** Takes away every right on one stored path, which is alone in its directory, for as long as `act` runs. */
  readonly deny?: (root: string, path: string, act: () => Promise<void>) => Promise<void>;
  /** Stores a link at `path`; `target` is relative to the root, or absolute. */
  readonly link?: (root: string, path: string, target: string) => Promise<void>;
  /** Stores bytes under a name that the store itself would refuse or hide. */
  readonly plant?: (root: string, name: string, bytes: Uint8Array) => Promise<void>;
  /** Names for `plant` that listings must hide: temporary files of this store, of ours and of MLflow. */
  readonly hiddenNames?: readonly string[];
  /** For one case, in ms, where two minutes are not enough. */
  readonly patienceMs?: number;
  /** Stores many empty files by another way, where a write of the store takes seconds. */
  readonly fill?: (root: string, names: readonly string[]) => Promise<void>;
  /** A name that `accepts` refuses. */
  readonly refusedName?: string;
  /** Everything that is really there below the root, hidden names included. */
  readonly leftovers?: (root: string) => Promise<readonly string[]>;
}

/** Whether the cases of a member apply to a bed. */
export function proves(bed: ArtifactStoreBed, member: Member): boolean {
  return bed.members.includes(member) && bed.unproven?.includes(member) !== true;
}

/** A root that no other case uses. */
export function freshRoot(): string {
  return `conformance-${randomBytes(6).toString('hex')}`;
}
