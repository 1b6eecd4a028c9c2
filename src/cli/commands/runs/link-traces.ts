import { Failure } from '../../../core/failure.ts';
import { command, list } from '../../command.ts';
import type { ChangedRun } from '../../output/runs.ts';
import { RUN_ID } from './run-id.ts';

/** MLflow links no more in one request. */
const MAX_TRACES = 100;

function usage(message: string): Failure {
  return new Failure({ kind: 'usage', message, subject: '--trace-id' });
}

export const linkTraces = command({
  name: 'runs link-traces',
  summary: 'Link traces to a run.',
  examples: ['mlstow runs link-traces -r $RUN_ID -t tr-1 -t tr-2'],
  options: {
    runId: RUN_ID,
    traceIds: list('-t, --trace-id <id>', 'id of a trace (repeatable, at most 100)'),
  },
  async run(session, { runId, traceIds }) {
    if (traceIds.length === 0) throw usage('no trace is named: pass --trace-id');
    if (traceIds.length > MAX_TRACES) {
      throw usage(`${traceIds.length} traces are named; at most ${MAX_TRACES} can be linked at once`);
    }
    const tracking = await session.tracking('write');
    if (!tracking.traces) {
      throw new Failure({
        kind: 'unsupported',
        message: `${tracking.label} keeps no traces`,
        hint: 'use a tracking server or database of MLflow 3',
        subject: tracking.label,
      });
    }
    await tracking.traces.link(runId, traceIds, session.io);
    const done: ChangedRun = { run_id: runId, traces: traceIds.length };
    return {
      data: () => ({ ...done }),
      text: () => [`Successfully linked ${traceIds.length} trace(s) to run '${runId}'\n`],
      quiet: () => [`${runId}\n`],
    };
  },
});
