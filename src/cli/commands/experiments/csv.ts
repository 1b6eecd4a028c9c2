import { resolve } from 'node:path';
import { writeWholeFile } from '../../../core/whole-file.ts';
import type { Session } from '../../../session/session.ts';
import type { Run } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';
import { command, text } from '../../command.ts';
import type { ExportedRuns } from '../../output/experiments.ts';
import { csvLine } from '../../render/csv.ts';
import { EXPERIMENT_ID } from './experiment-id.ts';
import { type Cells, Columns, runCells } from './run-rows.ts';

/** The runs of an experiment as a table; read twice, so that any number of runs fits in memory. */
interface Table {
  readonly columns: readonly string[];
  readonly rows: () => AsyncGenerator<Cells>;
}

async function* runsOf(experimentId: string, tracking: TrackingStore, session: Session): AsyncGenerator<Run> {
  const search = { experimentIds: [experimentId], view: 'active_only' } as const;
  for await (const page of tracking.runs.search(search, session.io)) yield* page;
}

async function readTable(experimentId: string, tracking: TrackingStore, session: Session): Promise<Table> {
  const columns = new Columns();
  for await (const run of runsOf(experimentId, tracking, session)) columns.add(run);
  const names = columns.names;
  const known = new Set(names);
  return {
    columns: names,
    rows: async function* () {
      for await (const run of runsOf(experimentId, tracking, session)) {
        const cells = runCells(run, columns.withFractions);
        for (const name of Object.keys(cells)) {
          if (!known.has(name))
            session.warn(`${name} was logged while the runs were read and is not in the table`);
        }
        yield cells;
      }
    },
  };
}

async function* csvLines(columns: readonly string[], rows: AsyncIterable<Cells>): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const cells of rows) yield csvLine(columns.map((name) => cells[name] ?? ''));
}

async function* counted<T>(items: AsyncIterable<T>, count: (total: number) => void): AsyncGenerator<T> {
  let total = 0;
  for await (const item of items) {
    total += 1;
    count(total);
    yield item;
  }
}

export const exportExperiment = command({
  name: 'experiments csv',
  summary: 'Write all runs of an experiment as CSV, with a column for each metric, parameter and tag.',
  examples: ['mlstow experiments csv -x 3 -o runs.csv'],
  options: {
    experimentId: EXPERIMENT_ID,
    filename: text('-o, --filename <path>', 'write to this file instead of standard output'),
  },
  async run(session, { experimentId, filename }) {
    const tracking = await session.tracking('read');
    await tracking.experiments.get(experimentId, session.io);
    const { columns, rows } = await readTable(experimentId, tracking, session);
    let runs = 0;
    const items = counted(rows(), (total) => (runs = total));
    if (filename !== undefined) {
      await writeWholeFile(resolve(session.world.cwd, filename), csvLines(columns, items));
      const exported: ExportedRuns = { experiment_id: experimentId, filename, runs };
      return {
        data: () => ({ ...exported }),
        text: () => [`Experiment with ID ${experimentId} has been exported as a CSV to file: ${filename}.\n`],
        quiet: () => [`${filename}\n`],
      };
    }
    const print = async function* (cells: AsyncIterable<Cells>): AsyncGenerator<string> {
      yield* csvLines(columns, cells);
      yield '\n';
    };
    return {
      items,
      data: () => ({ experiment_id: experimentId, runs }) satisfies ExportedRuns,
      text: print,
      quiet: print,
    };
  },
});
