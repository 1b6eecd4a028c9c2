import { sql, type Kysely } from 'kysely';
import type { Io } from '../../../core/io.ts';
import {
  collectingMark,
  COLLECTING_TAG,
  type Begun,
  type Candidate,
  type CollectKind,
  type Erased,
  type Expected,
} from '../../collect.ts';
import type { SqlContext } from '../context.ts';
import type { Tables } from '../tables.ts';
import { belongingsOf, mentionsOf } from './belongings.ts';
import { experimentKeys, hasKind, readCandidates } from './candidates.ts';
import { countChildren } from './children.ts';
import { deleteSome } from './delete-some.ts';
import type { Pace } from './pace.ts';

type Db = Kysely<Tables>;

/** Rows that one transaction deletes at most: a live server waits for it. */
const MOST_ROWS = 10_000;

const OWN = {
  run: { table: 'runs', column: 'run_uuid' },
  model: { table: 'logged_models', column: 'model_id' },
  trace: { table: 'trace_info', column: 'request_id' },
  experiment: { table: 'experiments', column: 'experiment_id' },
} as const;

function keysOf(kind: CollectKind, ids: readonly string[]): readonly (string | number)[] {
  return kind === 'experiment' ? experimentKeys(ids) : ids;
}

/** Keeps the rows, and those of their experiments, as they are until the transaction ends. */
async function hold(
  db: Db,
  { sessions }: SqlContext,
  kind: CollectKind,
  ids: readonly string[],
): Promise<void> {
  if (kind === 'run') {
    const rows = db.selectFrom('runs').select('run_uuid').where('run_uuid', 'in', ids).orderBy('run_uuid');
    await sessions.hold(rows, 'own').execute();
  } else if (kind === 'model') {
    const rows = db.selectFrom('logged_models').select('model_id').where('model_id', 'in', ids);
    await sessions.hold(rows.orderBy('model_id'), 'own').execute();
  } else if (kind === 'experiment') {
    const rows = db
      .selectFrom('experiments')
      .select('experiment_id')
      .where('experiment_id', 'in', experimentKeys(ids));
    await sessions.hold(rows.orderBy('experiment_id'), 'own').execute();
  } else {
    const traced = db.selectFrom('trace_info').select('experiment_id').where('request_id', 'in', ids);
    const rows = db.selectFrom('experiments').select('experiment_id').where('experiment_id', 'in', traced);
    await sessions.hold(rows.orderBy('experiment_id'), 'share').execute();
  }
}

function isAsExpected(expected: Expected, found: Pick<Expected, 'uri' | 'tags'>): boolean {
  if (expected.uri !== found.uri) return false;
  return Object.entries(expected.tags).every(([key, value]) => found.tags[key] === value);
}

/** What is there of some rows, and which of them are still deleted and as expected; held by this transaction. */
async function readAgain(
  db: Db,
  context: SqlContext,
  kind: CollectKind,
  items: readonly Expected[],
): Promise<{ readonly present: ReadonlyMap<string, Candidate>; readonly fit: readonly string[] }> {
  const ids = items.map(({ id }) => id);
  await hold(db, context, kind, ids);
  const tagKeys = [...new Set(items.flatMap(({ tags }) => Object.keys(tags)))];
  const found = await readCandidates(db, context, kind, { workspace: 'all', tagKeys }, { ids });
  const byId = new Map(found.map((each) => [each.id, each]));
  const fit: string[] = [];
  for (const item of items) {
    const now = byId.get(item.id);
    if (now?.stage !== 'deleted' || !isAsExpected(item, now)) continue;
    if (kind === 'experiment' && (await holdsAnything(db, context, item.id))) continue;
    fit.push(item.id);
  }
  return { present: byId, fit };
}

async function holdsAnything(db: Db, context: SqlContext, id: string): Promise<boolean> {
  const { runs, models, traces } = await countChildren(db, context, id);
  return runs + models + traces > 0;
}

/** Notes on rows that their files are being removed. */
export async function markRows(
  context: SqlContext,
  kind: CollectKind,
  items: readonly Begun[],
  io: Io,
): Promise<ReadonlySet<string>> {
  const wheres = new Map(items.map(({ id, where }) => [id, where]));
  return context.sessions.write(io, async (db) => {
    const { present, fit } = await readAgain(db, context, kind, items);
    const marks = fit.flatMap((id) => {
      const found = present.get(id);
      return found ? [{ id, value: collectingMark(found, wheres.get(id) ?? '') }] : [];
    });
    if (marks.length > 0 && kind !== 'experiment') await MARK[kind](db, marks);
    return new Set(fit);
  });
}

type Marks = readonly { readonly id: string; readonly value: string }[];

const MARK = {
  run: async (db: Db, marks: Marks): Promise<void> => {
    const ids = marks.map(({ id }) => id);
    await db.deleteFrom('tags').where('run_uuid', 'in', ids).where('key', '=', COLLECTING_TAG).execute();
    const rows = marks.map(({ id, value }) => ({ key: COLLECTING_TAG, value, run_uuid: id }));
    await db.insertInto('tags').values(rows).execute();
  },
  model: async (db: Db, marks: Marks): Promise<void> => {
    const ids = marks.map(({ id }) => id);
    const tags = db.deleteFrom('logged_model_tags').where('model_id', 'in', ids);
    await tags.where('tag_key', '=', COLLECTING_TAG).execute();
    const found = await db
      .selectFrom('logged_models')
      .select(['model_id', 'experiment_id'])
      .where('model_id', 'in', ids)
      .execute();
    const values = new Map(marks.map(({ id, value }) => [id, value]));
    const rows = found.map((row) => ({
      ...row,
      tag_key: COLLECTING_TAG,
      tag_value: values.get(row.model_id) ?? '',
    }));
    await db.insertInto('logged_model_tags').values(rows).execute();
  },
  trace: async (db: Db, marks: Marks): Promise<void> => {
    const ids = marks.map(({ id }) => id);
    const tags = db.deleteFrom('trace_tags').where('request_id', 'in', ids);
    await tags.where('key', '=', COLLECTING_TAG).execute();
    const rows = marks.map(({ id, value }) => ({ key: COLLECTING_TAG, value, request_id: id }));
    await db.insertInto('trace_tags').values(rows).execute();
  },
};

/** One transaction. @returns whether all is gone */
async function eraseSome(
  db: Db,
  context: SqlContext,
  kind: CollectKind,
  ids: readonly string[],
): Promise<boolean> {
  const { sessions, facts } = context;
  const keys = keysOf(kind, ids);
  let left = MOST_ROWS;
  for (const { table, rows } of belongingsOf(kind, facts)) {
    left -= await deleteSome(db, sessions, table, rows(keys), left);
    if (left <= 0) return false;
  }
  for (const { table, column } of mentionsOf(kind, facts)) {
    const named = sql`${sql.ref(column)} in (${sql.join(keys)})`;
    await sql`update ${sql.table(table)} set ${sql.ref(column)} = null where ${named}`.execute(db);
  }
  const { table, column } = OWN[kind];
  await sql`delete from ${sql.table(table)} where ${sql.ref(column)} in (${sql.join(keys)})`.execute(db);
  return true;
}

/** Erases rows and what belongs to them; see `Collectable.erase`. */
export async function eraseRows(
  context: SqlContext,
  pace: Pace,
  kind: CollectKind,
  items: readonly Expected[],
  io: Io,
): Promise<ReadonlyMap<string, Erased>> {
  const ended = new Map<string, Erased>();
  if (!hasKind(context, kind)) return ended;
  const { sessions, clock } = context;
  let left = items;
  for (let isOver = left.length === 0; !isOver;) {
    const wanted = left;
    const round = await sessions.write(io, async (db) => {
      const began = clock.now();
      const { present, fit } = await readAgain(db, context, kind, wanted);
      const whole = fit.length === 0 || (await eraseSome(db, context, kind, fit));
      pace.took(clock.now() - began);
      return { present, fit, whole };
    });
    const fit = new Set(round.fit);
    for (const { id } of wanted) {
      if (!round.present.has(id)) ended.set(id, 'absent');
      else if (!fit.has(id)) ended.set(id, 'changed');
      else if (round.whole) ended.set(id, 'erased');
    }
    left = wanted
      .filter(({ id }) => fit.has(id))
      // The first transactions may have taken the tags.
      .map((item) => ({ ...item, tags: {} }));
    isOver = round.whole;
  }
  return ended;
}
