import { CompiledQuery } from 'kysely';
import type { Collectable } from '../../collect.ts';
import type { Tags } from '../../entities.ts';
import type { SqlContext } from '../context.ts';
import { isWritable } from '../revisions.ts';
import { deletedPages, hasKind, readCandidates } from './candidates.ts';
import { countAll, countChildren } from './children.ts';
import { eraseRows, markRows } from './erase.ts';
import { createPace } from './pace.ts';
import { readReferences } from './references.ts';

async function taggedExperiments(
  context: SqlContext,
  keys: readonly string[],
  io: Parameters<Collectable['now']>[0],
): Promise<ReadonlyMap<string, Tags>> {
  const found = new Map<string, Record<string, string>>();
  if (keys.length === 0 || !context.facts.has('experiment_tags')) return found;
  const rows = await context.sessions.read(io, (db) =>
    db
      .selectFrom('experiment_tags')
      .select(['experiment_id', 'key', 'value'])
      .where('key', 'in', keys)
      .execute(),
  );
  for (const { experiment_id: id, key, value } of rows) {
    const tags = found.get(String(id)) ?? {};
    tags[key] = value ?? '';
    found.set(String(id), tags);
  }
  return found;
}

/** What gc needs of a database. It looks at the tables and columns that are there, and never migrates. */
export function sqlCollect(context: SqlContext, lock: Collectable['lock']): Collectable {
  const { sessions, facts, clock } = context;
  const pace = createPace(sessions.writesAlone);
  return {
    label: sessions.label,
    schema: {
      ...(facts.revision === undefined ? {} : { revision: facts.revision }),
      known: isWritable(facts),
    },
    now: async (io) => {
      const statement = sessions.clock;
      if (statement === undefined) return clock.now();
      const { rows } = await sessions.read(io, (db) =>
        db.executeQuery<{ now: unknown }>(CompiledQuery.raw(statement)),
      );
      return Number(rows[0]?.now);
    },
    counts: (scope, io) => sessions.read(io, (db) => countAll(db, context, scope)),
    deleted: (kind, scope, io) => deletedPages(context, kind, scope, io),
    find: async (kind, ids, scope, io) =>
      hasKind(context, kind)
        ? sessions.read(io, (db) => readCandidates(db, context, kind, scope, { ids }))
        : [],
    taggedExperiments: (keys, io) => taggedExperiments(context, keys, io),
    references: (locationTag, io) => readReferences(context, locationTag, io),
    children: (id, io) => sessions.read(io, (db) => countChildren(db, context, id)),
    mark: (kind, items, io) => markRows(context, kind, items, io),
    eraseAtOnce: () => pace.most,
    erase: (kind, items, io) => eraseRows(context, pace, kind, items, io),
    lock,
  };
}
