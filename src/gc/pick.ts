import type { Io } from '../core/io.ts';
import {
  COLLECTING_TAG,
  type Candidate,
  type Collectable,
  type CollectKind,
  type CollectScope,
} from '../tracking/collect.ts';
import type { Tags } from '../tracking/entities.ts';
import type { Brake } from './item.ts';
import { decide, note } from './items.ts';
import type { Scratch } from './scratch/open-scratch.ts';
import { leftOut, type LeftOut, type Selection } from './selection.ts';

/** What was not picked, by the rule that spoke against it. */
export type LeftOutCounts = Record<LeftOut, number>;

interface Picking {
  readonly records: Collectable;
  readonly scratch: Scratch;
  readonly selection: Selection;
  readonly scope: CollectScope;
  readonly locationTag: string;
  readonly breakReferences: boolean;
  readonly now: number;
  readonly experimentTags: ReadonlyMap<string, Tags>;
  readonly leftOut: LeftOutCounts;
  readonly io: Io;
}

/** Ids looked up at once. */
const CHUNK = 500;

const REASONS: Readonly<Record<LeftOut, string>> = {
  undated: 'it was deleted before deletion times were recorded; --include-undated takes it',
  young: 'it was deleted later than --older-than allows',
  protected: 'it carries a tag of --protect-tag',
};

/** The keys of tags that gc looks at. */
export function tagKeysOf(selection: Selection, locationTag: string): readonly string[] {
  return [...new Set([locationTag, COLLECTING_TAG, ...selection.protect.map(({ key }) => key)])];
}

function take(picking: Picking, candidate: Candidate, named: boolean): void {
  const { selection, now, experimentTags, scratch, locationTag } = picking;
  const why = leftOut(candidate, selection, now, experimentTags.get(candidate.experimentId) ?? {});
  if (why) picking.leftOut[why] += 1;
  if (why && !named) return;
  const reason = why && REASONS[why];
  note(scratch, { ...candidate, named, action: why ? 'keep' : 'delete', reason }, locationTag);
}

async function* chunks(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let from = 0; from < ids.length; from += CHUNK) yield ids.slice(from, from + CHUNK);
}

/** Those of another workspace, which are no less there for not being looked at. */
async function foundElsewhere(
  { records, scope, io }: Picking,
  kind: CollectKind,
  missing: readonly string[],
): Promise<ReadonlySet<string>> {
  if (scope.workspace === 'all' || missing.length === 0) return new Set();
  const found = await records.find(kind, missing, { workspace: 'all', tagKeys: [] }, io);
  return new Set(found.map(({ id }) => id));
}

/** Those whose ids were given; of what is not there or not deleted that is noted. */
async function takeNamed(picking: Picking, kind: CollectKind, ids: readonly string[]): Promise<void> {
  const { records, scratch, scope, locationTag, selection, io } = picking;
  const within = kind === 'experiment' ? undefined : selection.experimentIds;
  const keep = (found: Pick<Candidate, 'id' | 'experimentId'>, reason: string, brake?: Brake): void =>
    note(scratch, { kind, ...found, named: true, action: 'keep', reason, brake }, locationTag);
  for await (const chunk of chunks(ids)) {
    const found = new Map((await records.find(kind, chunk, scope, io)).map((each) => [each.id, each]));
    const missing = chunk.filter((id) => !found.has(id));
    const elsewhere = await foundElsewhere(picking, kind, missing);
    for (const id of missing) {
      const absent = { kind, id, experimentId: '', named: true, action: 'absent' } as const;
      if (elsewhere.has(id)) keep(absent, 'it is in another workspace; see --workspace', 'workspace');
      else note(scratch, { ...absent, reason: 'it is not there (any more)' }, locationTag);
    }
    for (const candidate of found.values()) {
      const { experimentId, stage } = candidate;
      if (within && !within.includes(experimentId))
        keep(candidate, `it is in experiment ${experimentId}, outside of --experiment-ids`);
      else if (stage === 'active') keep(candidate, 'it is active', 'active');
      else take(picking, candidate, true);
    }
  }
}

async function takeAll(picking: Picking, kind: CollectKind, within?: ReadonlySet<string>): Promise<void> {
  const { records, scope, io } = picking;
  for await (const page of records.deleted(kind, scope, io)) {
    for (const candidate of page) {
      if (!within || within.has(candidate.experimentId)) take(picking, candidate, false);
    }
  }
}

/** Why an experiment stays whose datasets are used elsewhere. */
export function usersReason(users: readonly string[]): string {
  return `its datasets are inputs of active runs in other experiments (${users.join(', ')}); --break-references overrides`;
}

/** The traces of the experiments that go; an experiment in which something is active stays as it is. */
async function takeTraces(picking: Picking): Promise<void> {
  const { records, scratch, scope, locationTag, breakReferences, io } = picking;
  const going = scratch.all("SELECT seq, id FROM items WHERE kind = 'experiment' AND action = 'delete'");
  for (const { seq, id } of going) {
    const experimentId = String(id);
    const { active, users } = await records.children(experimentId, io);
    if (active.length > 0) {
      decide(scratch, Number(seq), 'keep', `active inside: ${active.join(', ')}`);
      continue;
    }
    if (users.length > 0 && !breakReferences) {
      decide(scratch, Number(seq), 'keep', usersReason(users), 'reference');
      continue;
    }
    for await (const page of records.deleted('trace', { ...scope, experimentId }, io)) {
      for (const trace of page) note(scratch, { ...trace, named: false, action: 'delete' }, locationTag);
    }
  }
}

async function takeSelected(picking: Picking): Promise<void> {
  const { runIds, modelIds, experimentIds } = picking.selection;
  if (runIds || modelIds) {
    await takeNamed(picking, 'run', runIds ?? []);
    await takeNamed(picking, 'model', modelIds ?? []);
    return;
  }
  if (experimentIds) {
    const { records, scope, io } = picking;
    const deleted = new Set<string>();
    for await (const chunk of chunks(experimentIds)) {
      const found = await records.find('experiment', chunk, scope, io);
      for (const { id, stage } of found) if (stage === 'deleted') deleted.add(id);
    }
    await takeAll(picking, 'run', deleted);
    await takeAll(picking, 'model', deleted);
    await takeNamed(picking, 'experiment', experimentIds);
  } else {
    for (const kind of ['run', 'model', 'experiment'] as const) await takeAll(picking, kind);
  }
  await takeTraces(picking);
}

/** Notes in the scratch database what the selectors pick. */
export async function pick(
  asked: Omit<Picking, 'now' | 'experimentTags' | 'leftOut'>,
): Promise<LeftOutCounts> {
  const { records, selection, io } = asked;
  const keys = selection.protect.map(({ key }) => key);
  const picking: Picking = {
    ...asked,
    now: await records.now(io),
    experimentTags: await records.taggedExperiments(keys, io),
    leftOut: { undated: 0, young: 0, protected: 0 },
  };
  await takeSelected(picking);
  return picking.leftOut;
}
