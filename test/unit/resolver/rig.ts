import { join } from 'node:path';
import type { RunInfo } from '../../../src/tracking/entities.ts';
import type { TrackingStore } from '../../../src/tracking/store.ts';
import { createResolver, type Resolver } from '../../../src/resolver/resolver.ts';
import type { ResolverOptions } from '../../../src/resolver/resolver-options.ts';
import { io, open, tamper, temporaryFolder } from '../tracking/sql/database.ts';

export { io };

/** A resolver on a database of its own. */
export interface Rig {
  readonly cwd: string;
  readonly store: TrackingStore;
  readonly warnings: readonly string[];
  resolver(options?: Partial<ResolverOptions>): Resolver;
  /** Creates an experiment at a location (the store's choice unless told) and a run in it. */
  run(artifactLocation?: string): Promise<RunInfo>;
  /** Runs SQL on the database. */
  sql(...statements: readonly string[]): void;
  /** Registers version `version` of a model with this source. */
  register(name: string, version: number, source: string): void;
  /** Records a logged model, as an output of a run when one is given. */
  logModel(model: {
    readonly id: string;
    readonly name: string;
    readonly location: string;
    readonly run?: string;
    readonly step?: number;
  }): void;
}

export async function openRig(): Promise<Rig> {
  const cwd = await temporaryFolder();
  const store = await open(cwd);
  const warnings: string[] = [];
  let experiments = 0;
  let outputs = 0;
  const sql = (...statements: readonly string[]): void => tamper(join(cwd, 'mlflow.db'), ...statements);
  return {
    cwd,
    store,
    warnings,
    sql,
    resolver: (options = {}) =>
      createResolver({
        tracking: async () => store,
        trackingUri: 'sqlite:///mlflow.db',
        cwd,
        warn: (message) => warnings.push(message),
        ...options,
      }),
    run: async (artifactLocation) => {
      experiments += 1;
      const experimentId = await store.experiments.create(
        {
          name: `experiment ${experiments}`,
          tags: {},
          ...(artifactLocation === undefined ? {} : { artifactLocation }),
        },
        io,
      );
      return store.runs.create({ experimentId, userId: 'ada', startTime: 1, tags: {} }, io);
    },
    register: (name, version, source) =>
      sql(
        `INSERT OR IGNORE INTO registered_models (name) VALUES ('${name}')`,
        `INSERT INTO model_versions (name, version, source, current_stage) VALUES ('${name}', ${version}, '${source}', 'None')`,
      ),
    logModel: ({ id, name, location, run, step = 0 }) => {
      sql(
        `INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage)
         VALUES ('${id}', 0, '${name}', '${location}', 1, 1, 2, 'active')`,
      );
      if (run === undefined) return;
      outputs += 1;
      sql(
        `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
         VALUES ('o${String(outputs).padStart(4, '0')}', 'RUN_OUTPUT', '${run}', 'MODEL_OUTPUT', '${id}', ${step})`,
      );
    },
  };
}
