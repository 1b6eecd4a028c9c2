import { redactUri } from '../../../core/redact.ts';
import type { Session } from '../../../session/session.ts';
import { command, flag, list, required, text } from '../../command.ts';
import { PLACEMENT_OPTIONS, STORE_OPTIONS } from '../../global-options.ts';
import type { CreatedExperiment } from '../../output/experiments.ts';
import type { Had } from './get-or-create.ts';
import type { Restored } from './restore-deleted.ts';
import { readTags } from './tags.ts';
import { ARCHIVAL_RETENTION_TAG, readArchivalDuration, retentionTagValue } from './trace-archival.ts';

const RETENTION = '--trace-archival-retention';
const WORDS = { created: 'Created', found: 'Found', restored: 'Restored' } as const;

function outcome({ experiment, how, restored }: Had): CreatedExperiment {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: redactUri(experiment.artifactLocation),
    created: how === 'created',
    restored: how === 'restored',
    ...(restored ? { runs_restored: restored.cameBack, runs_deleted_again: restored.deletedAgain } : {}),
  };
}

function tellRestored({ cameBack, deletedAgain }: Restored, session: Session): void {
  const again = `${deletedAgain} of its runs had been deleted before it was and were deleted again`;
  const back = `${cameBack} of its runs came back with it; any that were deleted before it are among them where the tracking store does not keep that time`;
  if (deletedAgain > 0) session.notify(again);
  if (cameBack > 0) session.notify(back);
}

export const createExperiment = command({
  name: 'experiments create',
  summary: 'Create an experiment.',
  details: [
    'Without -l the tracking server chooses where the artifacts of its runs go. A location that only this machine has is refused with exit code 3 when the records are kept across a network: nobody else would find the files. --shared-path names a folder that the server sees too.',
    '--if-not-exists gives the experiment that has the name, and may be raced by parallel tasks. One whose location differs from -l is exit code 8, never a silent success.',
    'With -q the id alone is printed.',
  ],
  examples: [
    'mlstow experiments create -n fraud -l s3://bucket/mlflow/fraud --check',
    'EXPERIMENT_ID=$(mlstow experiments create -n fraud --if-not-exists -q)',
  ],
  options: {
    experimentName: required('-n, --experiment-name <name>', 'name of the experiment', {
      completes: 'experiment-name',
    }),
    artifactLocation: text(
      '-l, --artifact-location <uri>',
      'where its runs put artifacts; the tracking server chooses unless given',
    ),
    tags: list('--tag <key=value>', 'a tag of the new experiment (repeatable)'),
    traceArchivalRetention: text(`${RETENTION} <duration>`, 'keep traces this long, such as 30d or 12h'),
    ifNotExists: flag('--if-not-exists', 'use the experiment that has the name, if there is one'),
    restoreIfDeleted: flag('--restore-if-deleted', 'restore the deleted experiment that has the name'),
    check: flag('--check', 'first write, read and delete a small file at the artifact location'),
    ...PLACEMENT_OPTIONS,
    ...STORE_OPTIONS,
  },
  async run(session, values) {
    const retention = values.traceArchivalRetention;
    const archival =
      retention === undefined
        ? {}
        : { [ARCHIVAL_RETENTION_TAG]: retentionTagValue(readArchivalDuration(retention, RETENTION)) };
    const tags = { ...readTags(values.tags, '--tag'), ...archival };
    const { wantedLocation } = await import('./wanted-location.ts');
    const wanted = wantedLocation(values.artifactLocation, session);
    const { openForCreation } = await import('./placement.ts');
    const tracking = await openForCreation(session);
    const { getOrCreate } = await import('./get-or-create.ts');
    const { ifNotExists, restoreIfDeleted, experimentName: name } = values;
    const asked = { name, wanted, tags, ifNotExists, restoreIfDeleted };
    const had = await getOrCreate(
      values.check ? { ...asked, probe: probing(session) } : asked,
      tracking,
      session,
    );
    if (had.restored) tellRestored(had.restored, session);
    const { experimentId } = had.experiment;
    return {
      data: () => ({ ...outcome(had) }),
      text: () => [`${WORDS[had.how]} experiment '${name}' with id ${experimentId}\n`],
      quiet: () => [`${experimentId}\n`],
    };
  },
});

function probing(session: Session): (uri: string) => Promise<void> {
  return async (uri) => {
    const { probeLocation } = await import('./probe-location.ts');
    await probeLocation(uri, session);
  };
}
