import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';

/** Marks a run as made by one task, so that a retry of that task finds it. */
export const IDEMPOTENCY_TAG = 'mlstow.idempotencyKey';

const MAX_LENGTH = 1000;
const AIRFLOW = /^airflow(?::(.*))?$/s;
const AIRFLOW_PARTS = [
  ['airflow.dagId', 'AIRFLOW_CTX_DAG_ID'],
  ['airflow.taskId', 'AIRFLOW_CTX_TASK_ID'],
  ['airflow.runId', 'AIRFLOW_CTX_DAG_RUN_ID'],
] as const;

function airflowPart(key: (typeof AIRFLOW_PARTS)[number][0], variable: string, session: Session): string {
  const value = session.config.get(key);
  if (value !== undefined) return encodeURIComponent(value);
  throw new Failure({
    kind: 'misconfigured',
    message: `--idempotency-key airflow needs ${variable}, which is not set`,
    hint: 'run it in an Airflow task (a BashOperator with env= passes it on only with append_env=True), or give a key of your own',
    subject: '--idempotency-key',
    settings: [key],
  });
}

/**
 * The value of the run's tag. `airflow` is made of this task's dag, task and run id, so that every try has the same;
 * `airflow:<more>` adds the rest, for mapped tasks. Everything else is taken as it is.
 * @throws Failure usage (an empty or overlong key), misconfigured (`airflow` outside of Airflow)
 */
export function readIdempotencyKey(given: string | undefined, session: Session): string | undefined {
  if (given === undefined) return undefined;
  if (given.trim() === '' || given.length > MAX_LENGTH) {
    throw new Failure({
      kind: 'usage',
      message: given.trim() === '' ? '--idempotency-key is empty' : '--idempotency-key is too long',
      hint: `give 1 to ${MAX_LENGTH} characters that every try of the task has in common`,
      subject: '--idempotency-key',
    });
  }
  const airflow = AIRFLOW.exec(given);
  if (!airflow) return given;
  const parts = AIRFLOW_PARTS.map(([key, variable]) => airflowPart(key, variable, session));
  const [, more] = airflow;
  return `airflow:${[...parts, ...(more === undefined ? [] : [encodeURIComponent(more)])].join('/')}`;
}
