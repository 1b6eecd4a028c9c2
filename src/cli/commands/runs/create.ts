import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';
import type { RunStatus } from '../../../tracking/entities.ts';
import type { NewRun, TrackingStore } from '../../../tracking/store.ts';
import { command, list, text } from '../../command.ts';
import { PLACEMENT_OPTIONS } from '../../global-options.ts';
import type { CreatedRun } from '../../output/runs.ts';
import { pythonJson } from '../../render/python.ts';
import { readTags } from '../experiments/tags.ts';
import type { RunOnce } from './run-once.ts';
import { readNewStatus } from './status.ts';

async function checkParent(runId: string, tracking: TrackingStore, session: Session): Promise<void> {
  const parent = await tracking.runs.get(runId, session.io);
  if (parent.info.lifecycleStage === 'active') return;
  throw new Failure({
    kind: 'conflict',
    message: `the parent run ${runId} is deleted`,
    hint: `restore it first: mlstow runs restore -r ${runId}`,
    subject: runId,
  });
}

async function makeRun(
  key: string | undefined,
  wanted: Omit<NewRun, 'startTime'>,
  tracking: TrackingStore,
  session: Session,
): Promise<RunOnce> {
  const { clock } = session.world;
  if (key === undefined) {
    const run = await tracking.runs.create({ ...wanted, startTime: clock.now() }, session.io);
    return { run, created: true };
  }
  const { createOnce } = await import('./run-once.ts');
  const made = await createOnce(key, wanted, tracking, clock, session.io);
  if (made.created) return made;
  const { airflowTags } = await import('./run-tags.ts');
  for (const [tag, value] of Object.entries(airflowTags(session))) {
    await tracking.runs.setTag(made.run.runId, tag, value, session.io);
  }
  return made;
}

/** A run that has the status already keeps the time at which it ended. */
async function setStatus(
  { run }: RunOnce,
  status: RunStatus,
  tracking: TrackingStore,
  session: Session,
): Promise<void> {
  if (run.status === status) return;
  const ended = status === 'RUNNING' ? {} : { endTime: session.world.clock.now() };
  await tracking.runs.update(run.runId, { status, ...ended }, session.io);
}

export const createRun = command({
  name: 'runs create',
  summary: 'Create a run and, unless told otherwise, end it at once.',
  details: [
    'A run is FINISHED at once, as with mlflow; --status running leaves it open until mlstow runs finish.',
    '--idempotency-key finds the run that an earlier try made with the same key. Under Airflow, airflow makes the key of DAG, task and DAG run, and "airflow:{{ ti.map_index }}" adds the index of a mapped task.',
    'With -q the id alone is printed.',
  ],
  examples: [
    'RUN_ID=$(mlstow runs create --experiment-name fraud --status running -q)',
    'mlstow runs create --experiment-id 3 --status running --idempotency-key airflow -q',
  ],
  options: {
    experimentId: text('-x, --experiment-id <id>', 'id of the experiment', {
      completes: 'experiment-id',
      setting: 'tracking.experimentId',
    }),
    experimentName: text('-n, --experiment-name <name>', 'name of the experiment, created if missing', {
      completes: 'experiment-name',
      setting: 'tracking.experimentName',
    }),
    runName: text('--run-name <name>', 'name of the run; made up unless given'),
    description: text('--description <text>', 'what this run is about'),
    tags: list('-t, --tags <key=value>', 'a tag of the run (repeatable)'),
    status: text('--status <status>', 'FINISHED (default), FAILED, KILLED, or RUNNING to end it later'),
    parentRunId: text('--parent-run-id <id>', 'run under which the new one is nested', {
      completes: 'run-id',
    }),
    idempotencyKey: text(
      '--idempotency-key <key>',
      "use the run that an earlier try created with this key; 'airflow' makes the key from the task",
    ),
    ...PLACEMENT_OPTIONS,
  },
  async run(session, values) {
    const { findExperiment, namedExperiment } = await import('./run-experiment.ts');
    const { newRunTags } = await import('./run-tags.ts');
    const { readIdempotencyKey } = await import('./idempotency-key.ts');
    const status = readNewStatus(values.status);
    const named = namedExperiment(session);
    const { description, parentRunId, runName } = values;
    const tags = newRunTags({ tags: readTags(values.tags, '--tags'), description, parentRunId }, session);
    const key = readIdempotencyKey(values.idempotencyKey, session);
    const { openForCreation } = await import('../experiments/placement.ts');
    const tracking = await openForCreation(session);
    if (parentRunId) await checkParent(parentRunId, tracking, session);
    const { experimentId } = await findExperiment(named, tracking, session);
    const wanted = {
      experimentId,
      userId: tags['mlflow.user'] ?? 'unknown',
      tags,
      ...(runName ? { runName } : {}),
    };
    const made = await makeRun(key, wanted, tracking, session);
    await setStatus(made, status, tracking, session);
    const runId = made.run.runId;
    const shown = { run_id: runId, experiment_id: experimentId, status, run_name: runName ?? null };
    const data: CreatedRun = { ...shown, created: made.created };
    return {
      data: () => ({ ...data }),
      text: () => [`${pythonJson(shown, 2)}\n`],
      quiet: () => [`${runId}\n`],
    };
  },
});
