import { command } from '../../command.ts';
import type { ChangedExperiment } from '../../output/experiments.ts';
import { EXPERIMENT_ID } from './experiment-id.ts';

export const restoreExperiment = command({
  name: 'experiments restore',
  summary: 'Restore a deleted experiment and all of its runs.',
  examples: ['mlstow experiments restore -x 3'],
  options: { experimentId: { ...EXPERIMENT_ID, completes: 'deleted-experiment-id' } },
  async run(session, { experimentId }) {
    const tracking = await session.tracking('write');
    await tracking.experiments.restore(experimentId, session.io);
    const done: ChangedExperiment = { experiment_id: experimentId };
    return {
      data: () => ({ ...done }),
      text: () => [`Experiment with id ${experimentId} has been restored.\n`],
      quiet: () => [`${experimentId}\n`],
    };
  },
});
