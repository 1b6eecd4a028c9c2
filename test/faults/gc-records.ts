import { createHash } from 'node:crypto';
import type { GcGround } from './gc-ground.ts';

/** One run: its id, and the paths of its files below the artifact root. */
export interface MadeRun {
  readonly id: string;
  readonly files: readonly string[];
}

/** What was put on a ground. */
export interface Made {
  readonly deleted: readonly MadeRun[];
  readonly live: readonly MadeRun[];
  /** Deleted, and each needed by a model version. */
  readonly needed: readonly MadeRun[];
}

/** The experiment that everything is in. */
export const EXPERIMENT = 11;
const FILES = ['a.txt', 'dir/b.txt', 'dir/deep/c.txt'];

/** Runs with ids made of a name, and some files each. */
export function makeRuns(name: string, count: number, files: readonly string[] = FILES): readonly MadeRun[] {
  return Array.from({ length: count }, (_, number) => {
    const id = createHash('md5').update(`${name} ${number}`).digest('hex');
    return { id, files: files.map((file) => `${EXPERIMENT}/${id}/artifacts/${file}`) };
  });
}

function values(runs: readonly MadeRun[], row: (run: MadeRun) => string): string {
  return runs.map((run) => `(${row(run)})`).join(',\n');
}

/** Statements that make rows of runs whose files are below a root. */
export function runRows(runs: readonly MadeRun[], stage: 'active' | 'deleted', root: string): string {
  const time = stage === 'deleted' ? '1000' : 'NULL';
  const uri = (id: string): string => `${root}/${EXPERIMENT}/${id}/artifacts`;
  return `
    INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, artifact_uri, experiment_id, deleted_time)
      VALUES ${values(runs, ({ id }) => `'${id}', 'r', 'FINISHED', 1, '${stage}', '${uri(id)}', ${EXPERIMENT}, ${time}`)};
    INSERT INTO params (key, value, run_uuid) VALUES ${values(runs, ({ id }) => `'p', '1', '${id}'`)};
    INSERT INTO tags (key, value, run_uuid) VALUES ${values(runs, ({ id }) => `'t', '1', '${id}'`)};
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
      VALUES ${values(runs, ({ id }) => `'m', 1.0, 1, '${id}', 0, false`)};`;
}

/** Statements that make the experiment of the runs. */
export function experimentRow(root: string): string {
  return `INSERT INTO experiments (experiment_id, name, workspace, artifact_location, lifecycle_stage)
    VALUES (${EXPERIMENT}, 'made', 'default', '${root}/${EXPERIMENT}', 'active');`;
}

/** Puts runs with three files each on a ground and saves it. */
export async function makeRecords(
  ground: GcGround,
  counts: { readonly deleted: number; readonly live: number; readonly needed: number },
): Promise<Made> {
  const deleted = makeRuns('deleted', counts.deleted);
  const live = makeRuns('live', counts.live);
  const needed = makeRuns('needed', counts.needed);
  const { root } = ground;
  const source = ({ id }: MadeRun): string => `${root}/${EXPERIMENT}/${id}/artifacts/dir`;
  const versions = needed.map((run, at) => `('m', ${at + 1}, 'default', 'None', '${source(run)}')`);
  await ground.sql(`
    ${experimentRow(root)}
    ${runRows(deleted, 'deleted', root)}
    ${runRows(live, 'active', root)}
    ${runRows(needed, 'deleted', root)}
    INSERT INTO registered_models (name, workspace) VALUES ('m', 'default');
    INSERT INTO model_versions (name, version, workspace, current_stage, source) VALUES ${versions.join(',\n')};`);
  await ground.fill([...deleted, ...live, ...needed].flatMap(({ files }) => files));
  await ground.save();
  return { deleted, live, needed };
}
