import { resolve } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import { command, text, type View } from '../../command.ts';
import type { ExperimentItem } from '../../output/experiments.ts';
import { compareRows, createTable } from '../../render/table.ts';
import { experimentItem } from './experiment-item.ts';
import { readView, VIEW } from './view.ts';

const HEADERS = ['Experiment Id', 'Name', 'Artifact Location'];
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

function readMaxResults(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw new Failure({
    kind: 'usage',
    message: `--max-results ${given} is not a whole number from 0 on`,
    subject: '--max-results',
  });
}

async function* flat(pages: AsyncIterable<readonly Experiment[]>): AsyncGenerator<ExperimentItem> {
  for await (const page of pages) yield* page.map(experimentItem);
}

async function* none(): AsyncGenerator<readonly Experiment[]> {
  // mlflow gives an empty table for 0 results and asks no store.
}

async function* table(items: AsyncIterable<ExperimentItem>, cwd: string): AsyncGenerator<string> {
  const rows: string[][] = [];
  for await (const item of items) {
    const location = item.artifact_location;
    rows.push([item.experiment_id, item.name, SCHEME.test(location) ? location : resolve(cwd, location)]);
  }
  yield `${createTable(HEADERS, rows.sort(compareRows))}\n`;
}

export const searchExperiments = command({
  name: 'experiments search',
  aliases: ['list'],
  summary: 'List experiments.',
  examples: ['mlstow experiments search --view all', 'mlstow experiments list -q'],
  options: {
    view: VIEW,
    maxResults: text('--max-results <n>', 'show at most this many, the newest; all unless given'),
  },
  async run(session, values): Promise<View<ExperimentItem>> {
    const view = readView(values.view);
    const maxResults = readMaxResults(values.maxResults);
    const tracking = await session.tracking('read');
    const options = { view, ...(maxResults === undefined ? {} : { maxResults }) };
    const pages = maxResults === 0 ? none() : tracking.experiments.search(options, session.io);
    return {
      items: flat(pages),
      text: (items) => table(items, session.world.cwd),
      quiet: async function* (items) {
        for await (const item of items) yield `${item.experiment_id}\n`;
      },
    };
  },
});
