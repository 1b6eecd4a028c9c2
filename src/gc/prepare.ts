import type { Io } from '../core/io.ts';
import type { Collectable, CollectCounts, CollectScope } from '../tracking/collect.ts';
import { checkMaxDelete, type MaxDelete } from './brakes.ts';
import { countWhere } from './items.ts';
import { judge } from './judge.ts';
import { pick, tagKeysOf, type LeftOutCounts } from './pick.ts';
import { pickFromPlan } from './plan-file.ts';
import { indexReferences, type Physical } from './references.ts';
import type { Scratch } from './scratch/open-scratch.ts';
import type { Selection } from './selection.ts';

/** What is asked to be prepared: what a selection picks, or what a plan names. */
export interface Preparing {
  readonly records: Collectable;
  readonly scratch: Scratch;
  readonly selection: Selection;
  readonly planFile?: string | undefined;
  readonly workspace: CollectScope['workspace'];
  readonly locationTag: string;
  readonly physical: Physical;
  readonly breakReferences: boolean;
  readonly maxDelete?: MaxDelete | undefined;
  readonly warn: (message: string) => void;
  readonly io: Io;
}

/** What was found out. */
export interface Prepared {
  readonly counts: CollectCounts;
  readonly leftOut: LeftOutCounts;
  /** Rows that are to go. */
  readonly going: number;
}

/**
 * Decides in the scratch database what is to become of every row asked for. Nothing is changed anywhere else.
 * @throws Failure refused by --max-delete; whatever reading the records fails with, so that no reference is missed
 */
export async function prepare(preparing: Preparing): Promise<Prepared> {
  const { records, scratch, selection, planFile, workspace, locationTag, physical, maxDelete, io } =
    preparing;
  const { breakReferences } = preparing;
  const scope = { workspace, tagKeys: tagKeysOf(selection, locationTag) };
  const counts = await records.counts(scope, io);
  let leftOut: LeftOutCounts = { undated: 0, young: 0, protected: 0 };
  if (planFile === undefined)
    leftOut = await pick({ records, scratch, selection, scope, locationTag, breakReferences, io });
  else await pickFromPlan({ file: planFile, records, scratch, scope, locationTag, io });
  if (countWhere(scratch, "action = 'delete'") > 0) {
    await indexReferences(records, locationTag, physical, scratch, io);
    await judge(preparing);
  }
  const rows = countWhere(scratch, "action = 'delete' AND kind IN ('run', 'model')");
  if (maxDelete) checkMaxDelete(maxDelete, rows, counts);
  return { counts, leftOut, going: countWhere(scratch, "action = 'delete'") };
}
