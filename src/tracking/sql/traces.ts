import { randomUUID } from 'node:crypto';
import { Failure } from '../../core/failure.ts';
import type { Traces } from '../store.ts';
import type { SqlContext } from './context.ts';
import { findRun } from './run-rows.ts';

/** MAX_TRACE_LINKS_PER_REQUEST of MLflow. */
const MOST_LINKS = 100;

/** Links between traces and runs (sqlalchemy_store.py, `link_traces_to_run`). */
export function sqlTraces(context: SqlContext): Traces {
  return {
    async link(runId, traceIds, io) {
      context.assertWritable();
      const wanted = [...new Set(traceIds)];
      if (wanted.length === 0) return;
      if (traceIds.length > MOST_LINKS) {
        throw new Failure({
          kind: 'invalid',
          message: `${traceIds.length} traces were given; MLflow links at most ${MOST_LINKS} at once`,
          subject: runId,
          hint: 'give fewer at a time',
        });
      }
      const now = context.clock.now();
      await context.sessions.write(io, async (db) => {
        await findRun(db, context, runId);
        const known = await db
          .selectFrom('entity_associations')
          .select('source_id')
          .where('source_type', '=', 'trace')
          .where('source_id', 'in', wanted)
          .where('destination_type', '=', 'run')
          .where('destination_id', '=', runId)
          .execute();
        const linked = new Set(known.map((row) => row.source_id));
        for (const traceId of wanted.filter((id) => !linked.has(id))) {
          await db
            .insertInto('entity_associations')
            .values({
              association_id: randomUUID().replaceAll('-', ''),
              source_type: 'trace',
              source_id: traceId,
              destination_type: 'run',
              destination_id: runId,
              created_time: now,
            })
            .execute();
        }
      });
    },
  };
}
