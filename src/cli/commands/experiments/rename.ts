import { command, required } from '../../command.ts';
import type { ChangedExperiment } from '../../output/experiments.ts';
import { EXPERIMENT_ID } from './experiment-id.ts';

export const renameExperiment = command({
  name: 'experiments rename',
  summary: 'Rename an active experiment; its artifacts stay where they are.',
  examples: ['mlstow experiments rename -x 3 --new-name fraud-2026'],
  options: { experimentId: EXPERIMENT_ID, newName: required('--new-name <name>', 'the new name') },
  async run(session, { experimentId, newName }) {
    const tracking = await session.tracking('write');
    await tracking.experiments.update(experimentId, { name: newName }, session.io);
    const done: ChangedExperiment = { experiment_id: experimentId, name: newName };
    return {
      data: () => ({ ...done }),
      text: () => [`Experiment with id ${experimentId} has been renamed to '${newName}'.\n`],
      quiet: () => [`${experimentId}\n`],
    };
  },
});
