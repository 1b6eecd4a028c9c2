import { command } from '../../command.ts';
import type { ChangedRun } from '../../output/runs.ts';
import { RUN_ID } from './run-id.ts';

export const deleteRun = command({
  name: 'runs delete',
  summary: 'Mark a run as deleted; restore brings it back, gc removes it for good.',
  examples: ['mlstow runs delete -r $RUN_ID'],
  options: { runId: RUN_ID },
  async run(session, { runId }) {
    const tracking = await session.tracking('write');
    await tracking.runs.delete(runId, session.io);
    const done: ChangedRun = { run_id: runId };
    return {
      data: () => ({ ...done }),
      text: () => [`Run with ID ${runId} has been deleted.\n`],
      quiet: () => [`${runId}\n`],
    };
  },
});
