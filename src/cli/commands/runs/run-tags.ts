import { userInfo } from 'node:os';
import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';
import type { Tags } from '../../../tracking/entities.ts';

const NOTE_TAG = 'mlflow.note.content';
const PARENT_TAG = 'mlflow.parentRunId';
const AIRFLOW_TAGS = {
  'airflow.dag_id': 'airflow.dagId',
  'airflow.task_id': 'airflow.taskId',
  'airflow.dag_run_id': 'airflow.runId',
  'airflow.try_number': 'airflow.tryNumber',
  'airflow.execution_date': 'airflow.executionDate',
  'airflow.dag_owner': 'airflow.owner',
  'airflow.dag_email': 'airflow.email',
} as const;

/** Who runs this, as Python's `getpass.getuser` finds it; the user of the tracking server goes before, as in mlflow. */
function userName(session: Session): string {
  const { env } = session.world;
  const named =
    session.config.get('tracking.username') ||
    env['LOGNAME'] ||
    env['USER'] ||
    env['LNAME'] ||
    env['USERNAME'];
  if (named) return named;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name; mlflow then leaves the user out, too.
    return 'unknown';
  }
}

/** What Airflow tells this task about itself, as tags `airflow.<variable without AIRFLOW_CTX_>`; none outside of it. */
export function airflowTags(session: Session): Tags {
  const known = Object.entries(AIRFLOW_TAGS).map(([tag, key]) => [tag, session.config.get(key)] as const);
  return Object.fromEntries(
    known.flatMap(([tag, value]) => (value === undefined ? [] : [[tag, String(value)]])),
  );
}

/** What the user says about a new run. */
export interface Description {
  readonly tags: Tags;
  readonly description: string | undefined;
  readonly parentRunId: string | undefined;
}

/**
 * The tags of a new run: who and what made it, as `mlflow runs create` sets them, Airflow's, then the user's own.
 * @throws Failure usage when the description is given twice
 */
export function newRunTags({ tags, description, parentRunId }: Description, session: Session): Tags {
  if (description && Object.hasOwn(tags, NOTE_TAG)) {
    throw new Failure({
      kind: 'usage',
      message: `the description is given twice, by --description and by the tag ${NOTE_TAG}`,
      subject: '--description',
    });
  }
  return {
    'mlflow.user': userName(session),
    'mlflow.source.name': 'mlstow',
    'mlflow.source.type': 'LOCAL',
    ...airflowTags(session),
    ...tags,
    ...(description ? { [NOTE_TAG]: description } : {}),
    ...(parentRunId ? { [PARENT_TAG]: parentRunId } : {}),
  };
}
