import type { Run } from '../../../tracking/entities.ts';
import { command } from '../../command.ts';
import { PythonFloat, pythonJson, type PythonValue } from '../../render/python.ts';
import { RUN_ID } from './run-id.ts';
import { metricsByKey, runDetails } from './run-item.ts';

/** What `mlflow runs describe` prints. */
function described(run: Run): string {
  const details = runDetails(run);
  const metrics = metricsByKey(run.metrics, (value) => new PythonFloat(value));
  const shown = { ...details, data: { ...details.data, metrics } };
  return `${pythonJson(shown as unknown as PythonValue, 4)}\n`;
}

export const getRun = command({
  name: 'runs get',
  aliases: ['describe'],
  summary: 'Show all of a run as JSON.',
  examples: ['mlstow runs get -r $RUN_ID | jq .data.metrics'],
  options: { runId: RUN_ID },
  async run(session, { runId }) {
    const tracking = await session.tracking('read');
    const run = await tracking.runs.get(runId, session.io);
    return {
      data: () => ({ ...runDetails(run) }),
      text: () => [described(run)],
      quiet: () => [`${run.info.runId}\n`],
    };
  },
});
