import { Failure } from '../../../core/failure.ts';
import { parseLocation } from '../../../core/location.ts';
import { checkLocationUnderAirflow } from '../../../resolver/airflow-rule.ts';
import { absoluteLocation } from '../../../resolver/physical.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo } from '../../settings/undo.ts';

export const airflowArtifacts: Check = {
  id: 'D59',
  name: 'airflow-artifacts',
  area: 'configuration',
  title: 'An Airflow task puts its artifacts where they outlive it',
  explain:
    "An artifact root that is relative or in a temporary directory is deleted with the task, or stays on one worker: the run is in MLflow's UI, the model is not. Give MLFLOW_ARTIFACT_URI, and the locations of experiments, as a store that the server and every worker reach, such as s3://bucket/path.",
  network: false,
  needs: [],
  async run(context): Promise<readonly Finding[]> {
    const rule = await context.rule();
    const found = given(context.config, 'artifacts.uri');
    if (rule.airflowDag === undefined) return [ok('this is not an Airflow task')];
    if (!found) return [ok('MLFLOW_ARTIFACT_URI is not set')];
    try {
      const location = parseLocation(found.value);
      if (location.scheme !== 'file') return [ok(`${location.redacted} is not on this machine`)];
      await checkLocationUnderAirflow(location, absoluteLocation(location, context.cwd).path, rule);
      return [ok(`${location.redacted} is not in a temporary directory`)];
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      return [fail(thrown.message, setTo(found.origin, 's3://BUCKET/PATH'))];
    }
  },
};
