import type { Kysely } from 'kysely';
import type { SchemaFacts } from './facts.ts';
import type { Tables } from './tables.ts';
import { PAGE_ROWS } from './context.ts';

const SOURCE_RUN = /"mlflow\.assessment\.sourceRunId": "(?<runId>[^"]*)"/;

/** The runs that are being deleted. */
export type DeletedRuns = { readonly runId: string } | { readonly experimentId: number };

async function areDeleted(
  db: Kysely<Tables>,
  runIds: readonly string[],
  deleted: DeletedRuns,
): Promise<Set<string>> {
  if ('runId' in deleted) return new Set(runIds.filter((id) => id === deleted.runId));
  const rows = await db
    .selectFrom('runs')
    .select('run_uuid')
    .where('run_uuid', 'in', runIds)
    .where('experiment_id', '=', deleted.experimentId)
    .execute();
  return new Set(rows.map((row) => row.run_uuid));
}

/**
 * Deletes the assessments that name a run as their source, as MLflow does when the run is deleted
 * (sqlalchemy_store.py, `_mark_run_deleted`).
 */
export async function dropAssessmentsOfRuns(
  db: Kysely<Tables>,
  facts: SchemaFacts,
  deleted: DeletedRuns,
): Promise<void> {
  if (!facts.has('assessments', 'assessment_metadata')) return;
  let after = '';
  for (;;) {
    const rows = await db
      .selectFrom('assessments')
      .select(['assessment_id', 'assessment_metadata'])
      .where('assessment_id', '>', after)
      .where('assessment_metadata', 'like', '%"mlflow.assessment.sourceRunId": "%')
      .orderBy('assessment_id')
      .limit(PAGE_ROWS)
      .execute();
    const sources = rows.map((row) => ({
      id: row.assessment_id,
      runId: SOURCE_RUN.exec(row.assessment_metadata ?? '')?.groups?.['runId'] ?? '',
    }));
    if (sources.length > 0) {
      const runIds = await areDeleted(db, [...new Set(sources.map(({ runId }) => runId))], deleted);
      const ids = sources.filter(({ runId }) => runIds.has(runId)).map(({ id }) => id);
      if (ids.length > 0) await db.deleteFrom('assessments').where('assessment_id', 'in', ids).execute();
    }
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)?.assessment_id ?? after;
  }
}
