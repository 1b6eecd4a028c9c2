import { required } from '../../command.ts';

/** The experiment that a command works on, as every mlflow experiments command names it. */
export const EXPERIMENT_ID = required('-x, --experiment-id <id>', 'id of the experiment', {
  completes: 'experiment-id',
});
