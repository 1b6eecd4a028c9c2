import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { Experiments } from '../../../tracking/store.ts';
import { command, flag, text } from '../../command.ts';
import type { ChangedExperiment } from '../../output/experiments.ts';
import { EXPERIMENT_ID } from './experiment-id.ts';
import {
  ARCHIVAL_RETENTION_TAG,
  ARCHIVE_NOW_TAG,
  archiveNowTagValue,
  readArchivalDuration,
  retentionTagValue,
} from './trace-archival.ts';

/** What is asked for: set a tag to a value, or remove it (no value); and how mlflow words it. */
interface Change {
  readonly tag: string;
  readonly value?: string;
  readonly done: string;
  /** Said instead when there was nothing to remove. */
  readonly unset?: string;
}

interface Asked {
  readonly traceArchivalRetention: string | undefined;
  readonly clearTraceArchivalRetention: boolean;
  readonly traceArchiveNow: boolean;
  readonly traceArchiveNowOlderThan: string | undefined;
  readonly clearTraceArchiveNow: boolean;
}

function usage(message: string): Failure {
  return new Failure({ kind: 'usage', message, subject: 'command line' });
}

function retentionChange(asked: Asked): Change | undefined {
  const { traceArchivalRetention: given, clearTraceArchivalRetention: clear } = asked;
  if (given !== undefined && clear) {
    throw usage('--trace-archival-retention and --clear-trace-archival-retention exclude each other');
  }
  if (given !== undefined) {
    const duration = readArchivalDuration(given, '--trace-archival-retention');
    const done = `set trace archival retention to ${duration}`;
    return { tag: ARCHIVAL_RETENTION_TAG, value: retentionTagValue(duration), done };
  }
  if (!clear) return undefined;
  return {
    tag: ARCHIVAL_RETENTION_TAG,
    done: 'cleared trace archival retention override',
    unset: 'trace archival retention override was already unset',
  };
}

function archiveNowChange(asked: Asked): Change | undefined {
  const { traceArchiveNow: now, traceArchiveNowOlderThan: older, clearTraceArchiveNow: clear } = asked;
  if (now && older !== undefined) {
    throw usage('--trace-archive-now and --trace-archive-now-older-than exclude each other');
  }
  if (clear && (now || older !== undefined)) {
    throw usage('--clear-trace-archive-now excludes the flags that ask for archiving');
  }
  if (now) {
    const done = 'requested archive-now on the next scheduler pass';
    return { tag: ARCHIVE_NOW_TAG, value: archiveNowTagValue(), done };
  }
  if (older !== undefined) {
    const duration = readArchivalDuration(older, '--trace-archive-now-older-than');
    const done = `requested archive-now for traces older than ${duration} on the next scheduler pass`;
    return { tag: ARCHIVE_NOW_TAG, value: archiveNowTagValue(duration), done };
  }
  if (!clear) return undefined;
  return {
    tag: ARCHIVE_NOW_TAG,
    done: 'cleared pending archive-now request',
    unset: 'archive-now request was already unset',
  };
}

/** @returns what was done, in mlflow's words */
async function apply(change: Change, before: Experiment, experiments: Experiments, io: Io): Promise<string> {
  const { experimentId } = before;
  if (change.value !== undefined) {
    await experiments.setTag(experimentId, change.tag, change.value, io);
    return change.done;
  }
  if (!Object.hasOwn(before.tags, change.tag)) return change.unset ?? change.done;
  await experiments.deleteTag(experimentId, change.tag, io);
  return change.done;
}

export const updateExperiment = command({
  name: 'experiments update',
  summary: 'Change the archival policy that the server applies to the traces of an experiment.',
  examples: ['mlstow experiments update -x 3 --trace-archival-retention 30d'],
  options: {
    experimentId: EXPERIMENT_ID,
    traceArchivalRetention: text(
      '--trace-archival-retention <duration>',
      'keep traces this long, such as 30d or 12h',
    ),
    clearTraceArchivalRetention: flag('--clear-trace-archival-retention', 'remove that override'),
    traceArchiveNow: flag('--trace-archive-now', 'ask for archiving on the next pass of the scheduler'),
    traceArchiveNowOlderThan: text(
      '--trace-archive-now-older-than <duration>',
      'the same, for older traces only',
    ),
    clearTraceArchiveNow: flag('--clear-trace-archive-now', 'withdraw that request'),
  },
  async run(session, { experimentId, ...asked }) {
    const wanted = [retentionChange(asked), archiveNowChange(asked)].filter((change) => change !== undefined);
    if (wanted.length === 0) throw usage('nothing to update was named');
    const tracking = await session.tracking('write');
    const before = await tracking.experiments.get(experimentId, session.io);
    const changes: string[] = [];
    for (const change of wanted) changes.push(await apply(change, before, tracking.experiments, session.io));
    const done: ChangedExperiment = { experiment_id: experimentId, changes };
    return {
      data: () => ({ ...done }),
      text: () => [`Updated experiment ${experimentId}: ${changes.join('; ')}.\n`],
      quiet: () => [`${experimentId}\n`],
    };
  },
});
