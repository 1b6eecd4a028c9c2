import { command } from '../../command.ts';
import type { ChangedExperiment } from '../../output/experiments.ts';
import { EXPERIMENT_ID } from './experiment-id.ts';

export const deleteExperiment = command({
  name: 'experiments delete',
  summary: 'Mark an experiment and its runs as deleted; restore brings them back, gc removes them for good.',
  examples: ['mlstow experiments delete -x 3'],
  options: { experimentId: EXPERIMENT_ID },
  async run(session, { experimentId }) {
    const tracking = await session.tracking('write');
    await tracking.experiments.delete(experimentId, session.io);
    const done: ChangedExperiment = { experiment_id: experimentId };
    return {
      data: () => ({ ...done }),
      text: () => [`Experiment with ID ${experimentId} has been deleted.\n`],
      quiet: () => [`${experimentId}\n`],
    };
  },
});
