import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';
import type { Io } from '../../../core/io.ts';
import { command, text } from '../../command.ts';
import { experimentDetails } from './experiment-item.ts';

function* fields(experiment: Experiment): Generator<string> {
  const tags = Object.entries(experiment.tags).map(([key, value]) => `${key}=${value}`);
  const rows: readonly (readonly [string, string])[] = [
    ['Experiment ID', experiment.experimentId],
    ['Name', experiment.name],
    ['Artifact Location', redactUri(experiment.artifactLocation)],
    ['Lifecycle Stage', experiment.lifecycleStage],
    ['Creation Time', String(experiment.creationTime ?? 'N/A')],
    ['Last Update Time', String(experiment.lastUpdateTime ?? 'N/A')],
    ['Tags', tags.join(', ')],
  ];
  const width = Math.max(...rows.map(([field]) => field.length)) + 2;
  for (const [field, value] of rows) yield `${field.padEnd(width)}: ${value}\n`;
}

async function byName(name: string, tracking: TrackingStore, io: Io): Promise<Experiment> {
  const found = await tracking.experiments.findByName(name, io);
  if (found) return found;
  throw new Failure({
    kind: 'not-found',
    message: `there is no experiment named ${JSON.stringify(name)} in ${tracking.label}`,
    hint: 'see what there is: mlstow experiments search --view all',
    subject: name,
  });
}

export const getExperiment = command({
  name: 'experiments get',
  summary: 'Show an experiment.',
  examples: [
    'mlstow experiments get -x 1',
    'mlstow experiments get -n "My Experiment" --output json | jq .tags',
  ],
  options: {
    experimentId: text('-x, --experiment-id <id>', 'id of the experiment', { completes: 'experiment-id' }),
    experimentName: text('-n, --experiment-name <name>', 'name of the experiment', {
      completes: 'experiment-name',
    }),
  },
  async run(session, { experimentId, experimentName }) {
    if ((experimentId === undefined) === (experimentName === undefined)) {
      throw new Failure({
        kind: 'usage',
        message: 'exactly one of --experiment-id and --experiment-name is needed',
        subject: 'command line',
      });
    }
    const tracking = await session.tracking('read');
    const experiment =
      experimentName === undefined
        ? await tracking.experiments.get(experimentId ?? '', session.io)
        : await byName(experimentName, tracking, session.io);
    return {
      data: () => ({ ...experimentDetails(experiment) }),
      text: () => fields(experiment),
      quiet: () => [`${experiment.experimentId}\n`],
    };
  },
});
