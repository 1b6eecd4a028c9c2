import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import { checkTrackingUnderAirflow, trackingPath } from '../../../resolver/airflow-rule.ts';
import { isBelowFolder } from '../../../resolver/local-paths.ts';
import type { SharedRule } from '../../../resolver/shared-rule.ts';
import type { Check } from '../../check.ts';
import { fail, ok, warn, type Finding } from '../../finding.ts';

const REMEDY =
  "set MLFLOW_TRACKING_URI to your tracking server, such as http://mlflow:5000, in the worker's environment; a BashOperator with env= hands it on only with append_env=True";

function kept({ airflowDag, trackingUri = '', sharedPaths, hostname }: SharedRule): Finding {
  const shown = redactUri(trackingUri);
  const path = trackingPath(trackingUri);
  if (path === undefined || sharedPaths.some((folder) => isBelowFolder(path, folder)))
    return ok(`the task of DAG ${airflowDag ?? ''} keeps its records in ${shown}`);
  return warn(`the records are kept in ${shown}, on the disk of this worker (${hostname}) alone`, REMEDY);
}

export const airflowTracking: Check = {
  id: 'D26',
  name: 'airflow-tracking',
  area: 'configuration',
  title: 'An Airflow task keeps its records where they outlive it',
  explain:
    'Airflow runs a task in a temporary working directory that is deleted after it. Without MLFLOW_TRACKING_URI, or with one that names a folder or a file that is relative or in a temporary directory, MLflow writes ./mlruns or ./mlflow.db there: the task is green, and the experiment, the run and the model are gone. A BashOperator with env= replaces the whole environment, so that a variable set for the worker does not arrive: add append_env=True. An absolute path survives the task on that worker, and no other machine sees it; below a shared path (MLSTOW_SHARED_PATHS) it is taken for one that all see. Outside Airflow a local store is a choice, and nothing is said.',
  network: false,
  needs: [],
  async run(context) {
    const rule = await context.rule();
    if (rule.airflowDag === undefined) return [ok('this is not an Airflow task')];
    try {
      checkTrackingUnderAirflow({ ...rule, allowLocal: false });
    } catch (thrown) {
      if (thrown instanceof Failure) return [fail(thrown.message, REMEDY)];
      throw thrown;
    }
    return [kept(rule)];
  },
};
