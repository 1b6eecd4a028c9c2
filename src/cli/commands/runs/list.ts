import { Failure } from '../../../core/failure.ts';
import type { Run } from '../../../tracking/entities.ts';
import { command, text, type View } from '../../command.ts';
import type { RunItem } from '../../output/runs.ts';
import { localDate } from '../../render/local-date.ts';
import { compareRows, createTable } from '../../render/table.ts';
import { readView, VIEW } from '../experiments/view.ts';
import { runItem } from './run-item.ts';

const HEADERS = ['Date', 'Name', 'ID'];

async function* flat(pages: AsyncIterable<readonly Run[]>): AsyncGenerator<RunItem> {
  for await (const page of pages) yield* page.map(({ info }) => runItem(info));
}

async function* table(items: AsyncIterable<RunItem>): AsyncGenerator<string> {
  const rows: string[][] = [];
  for await (const { start_time: time, run_name: name, run_id: id } of items) {
    rows.push([time === null ? '' : localDate(time), name ?? '', id]);
  }
  yield `${createTable(
    HEADERS,
    rows.sort((a, b) => compareRows(b, a)),
  )}\n`;
}

export const listRuns = command({
  name: 'runs list',
  summary: 'List the runs of an experiment, all of them.',
  examples: ['mlstow runs list --experiment-id 3 --view all', 'mlstow runs list --experiment-id 3 -q'],
  options: {
    experimentId: text('-x, --experiment-id <id>', 'id of the experiment', {
      completes: 'experiment-id',
      setting: 'tracking.experimentId',
    }),
    view: VIEW,
  },
  async run(session, values): Promise<View<RunItem>> {
    const experimentId = session.config.get('tracking.experimentId');
    if (experimentId === undefined) {
      throw new Failure({
        kind: 'usage',
        message: 'no experiment is named',
        hint: 'pass --experiment-id, or set MLFLOW_EXPERIMENT_ID',
        subject: '--experiment-id',
        settings: ['tracking.experimentId'],
      });
    }
    const view = readView(values.view);
    const tracking = await session.tracking('read');
    await tracking.experiments.get(experimentId, session.io);
    const pages = tracking.runs.search({ experimentIds: [experimentId], view }, session.io);
    return {
      items: flat(pages),
      text: table,
      quiet: async function* (items) {
        for await (const { run_id: id } of items) yield `${id}\n`;
      },
    };
  },
});
