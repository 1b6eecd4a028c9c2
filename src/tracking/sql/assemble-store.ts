import { Failure } from '../../core/failure.ts';
import type { Collectable } from '../collect.ts';
import type { TrackingStore } from '../store.ts';
import { sqlCollect } from './collect/sql-collect.ts';
import type { SqlContext } from './context.ts';
import { sqlExperiments } from './experiments.ts';
import type { SchemaFacts } from './facts.ts';
import { sqlLoggedModels } from './logged-models.ts';
import { sqlRegistry } from './registry.ts';
import { sqlRuns } from './runs.ts';
import { sqlTraces } from './traces.ts';
import { DEFAULT_WORKSPACE } from './workspaces.ts';

/** @throws Failure unsupported when a workspace is named in a schema that has none */
export function assertWorkspaces(facts: SchemaFacts, workspace: string, label: string): void {
  if (workspace === DEFAULT_WORKSPACE || facts.has('experiments', 'workspace')) return;
  throw new Failure({
    kind: 'unsupported',
    message: `${label} has no workspaces`,
    subject: label,
    hint: 'unset MLFLOW_WORKSPACE',
  });
}

/** The roles whose tables an open database has. */
export function assembleStore(
  context: SqlContext,
  reach: TrackingStore['reach'],
  lock: Collectable['lock'],
): TrackingStore {
  const { facts, sessions } = context;
  return {
    label: sessions.label,
    reach,
    experiments: sqlExperiments(context),
    runs: sqlRuns(context),
    ...(facts.has('logged_models') ? { loggedModels: sqlLoggedModels(context) } : {}),
    ...(facts.has('model_versions') ? { registry: sqlRegistry(context) } : {}),
    ...(facts.has('entity_associations') ? { traces: sqlTraces(context) } : {}),
    collect: sqlCollect(context, lock),
    close: () => sessions.close(),
  };
}
