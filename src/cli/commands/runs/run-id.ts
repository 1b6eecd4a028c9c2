import { required } from '../../command.ts';

/** The run that a command works on; no variable names it, as in mlflow, so that none is changed by accident. */
export const RUN_ID = required('-r, --run-id <id>', 'id of the run', { completes: 'run-id' });
