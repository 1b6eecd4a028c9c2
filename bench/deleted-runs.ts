import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const EXPERIMENT = 11;
/** Rows in one statement. */
const TOGETHER = 1000;

/** The id of a run by its number. */
function runId(number: number): string {
  return createHash('md5').update(String(number)).digest('hex');
}

/** Statements that make an experiment at `root` and so many deleted runs in it. */
export function* deletedRuns(root: string, count: number): Generator<string> {
  yield `INSERT INTO experiments (experiment_id, name, workspace, artifact_location, lifecycle_stage)
    VALUES (${EXPERIMENT}, 'bench', 'default', '${root}/${EXPERIMENT}', 'active');`;
  for (let from = 0; from < count; from += TOGETHER) {
    const ids = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, at) => runId(from + at));
    const uri = (id: string): string => `${root}/${EXPERIMENT}/${id}/artifacts`;
    const rows = ids.map(
      (id) => `('${id}', 'r', 'u', 'LOCAL', 'FINISHED', 1, 'deleted', '${uri(id)}', ${EXPERIMENT}, 1000)`,
    );
    yield `INSERT INTO runs (run_uuid, name, user_id, source_type, status, start_time, lifecycle_stage, artifact_uri, experiment_id, deleted_time)
      VALUES ${rows.join(', ')};`;
    const metrics = ids.map((id) => `('m', 1.0, 1, '${id}', 0, false)`);
    yield `INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ${metrics.join(', ')};`;
    const params = ids.map((id) => `('p', '1', '${id}')`);
    yield `INSERT INTO params (key, value, run_uuid) VALUES ${params.join(', ')};`;
  }
}

/** Their files, as they are below the root. */
export async function filesOfRuns(folder: string, count: number, each: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const artifacts = join(folder, String(EXPERIMENT), runId(number), 'artifacts');
    await mkdir(artifacts, { recursive: true });
    for (let file = 0; file < each; file += 1)
      await writeFile(join(artifacts, `f${file}`), `${number} ${file}`);
  }
}
