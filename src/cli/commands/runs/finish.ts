import { Failure } from '../../../core/failure.ts';
import { command, text } from '../../command.ts';
import type { ChangedRun } from '../../output/runs.ts';
import { readFinalStatus } from './status.ts';

export const finishRun = command({
  name: 'runs finish',
  summary: 'End a run now.',
  examples: ['mlstow runs finish -r $RUN_ID', 'mlstow runs finish -r $RUN_ID --status failed'],
  options: {
    runId: text('-r, --run-id <id>', 'id of the run', { setting: 'tracking.runId', completes: 'run-id' }),
    status: text('--status <status>', 'FINISHED (default), FAILED or KILLED'),
  },
  async run(session, values) {
    const runId = session.config.get('tracking.runId');
    if (runId === undefined) {
      throw new Failure({
        kind: 'usage',
        message: 'no run is named',
        hint: 'pass --run-id, or set MLFLOW_RUN_ID',
        subject: '--run-id',
        settings: ['tracking.runId'],
      });
    }
    const status = readFinalStatus(values.status);
    const tracking = await session.tracking('write');
    await tracking.runs.update(runId, { status, endTime: session.world.clock.now() }, session.io);
    const done: ChangedRun = { run_id: runId, status };
    return {
      data: () => ({ ...done }),
      text: () => [`Run with ID ${runId} has ended as ${status}.\n`],
      quiet: () => [`${runId}\n`],
    };
  },
});
