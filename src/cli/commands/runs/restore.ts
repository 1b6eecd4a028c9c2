import { command } from '../../command.ts';
import type { ChangedRun } from '../../output/runs.ts';
import { RUN_ID } from './run-id.ts';

export const restoreRun = command({
  name: 'runs restore',
  summary: 'Restore a deleted run.',
  examples: ['mlstow runs restore -r $RUN_ID'],
  options: { runId: { ...RUN_ID, completes: 'deleted-run-id' } },
  async run(session, { runId }) {
    const tracking = await session.tracking('write');
    await tracking.runs.restore(runId, session.io);
    const done: ChangedRun = { run_id: runId };
    return {
      data: () => ({ ...done }),
      text: () => [`Run with id ${runId} has been restored.\n`],
      quiet: () => [`${runId}\n`],
    };
  },
});
