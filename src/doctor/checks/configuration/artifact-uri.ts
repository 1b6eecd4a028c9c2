import { describeOrigin } from '../../../config/origin.ts';
import { Failure } from '../../../core/failure.ts';
import { parseLocation } from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../check.ts';
import { fail, ok, warn } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { passwordless } from '../../settings/passwordless.ts';
import { setTo, undo } from '../../settings/undo.ts';

export const artifactUri: Check = {
  id: 'D36',
  name: 'artifact-uri',
  area: 'configuration',
  title: 'Artifacts go where the records say, for every client',
  explain:
    "MLFLOW_ARTIFACT_URI is an artifact root of this process alone. mlstow puts new experiments below it, and writes artifacts of a run that lives elsewhere to <root>/<experiment>/<run>/artifacts, recorded on the run as the tag mlstow.artifactUri; mlstow's readers follow that tag. Stock MLflow ignores the variable, in writing and in reading: what mlstow logs through it is not in MLflow's UI. Advice that has it set in the middle of a task, after the run was started, moves nothing at all with stock MLflow. An experiment with its own location serves every client.",
  network: false,
  needs: [],
  run({ config }) {
    const found = given(config, 'artifacts.uri');
    if (!found) return [ok('MLFLOW_ARTIFACT_URI is not set')];
    const { value, origin } = found;
    const by = describeOrigin(origin);
    try {
      parseLocation(value);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      return [fail(`${thrown.message} (${by})`, `${setTo(origin, 's3://BUCKET/PATH')}, or ${undo(origin)}`)];
    }
    const shown = redactUri(value);
    const location = passwordless(value)?.uri ?? value;
    return [
      warn(
        `${shown} (${by}) is where mlstow puts new experiments, and artifacts of runs that live elsewhere; stock MLflow ignores it and looks at each run's own location only`,
        `give the experiment its location, mlstow experiments create -n NAME -l ${location}, then ${undo(origin)}`,
      ),
    ];
  },
};
