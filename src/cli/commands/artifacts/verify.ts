import { command, flag, required, text } from '../../command.ts';
import { SELECTION_OPTIONS, STORE_OPTIONS, TRANSFER_OPTIONS } from '../../global-options.ts';

export const verify = command({
  name: 'artifacts verify',
  summary: 'Compare the artifacts of a run, or below a URI, with a local folder.',
  details: [
    'Names, sizes and checksums; where the store knows no checksum of the whole file, its bytes are read and hashed. Differences are listed and are exit code 4.',
  ],
  examples: [
    'mlstow artifacts verify -r $RUN_ID --against out',
    'mlstow artifacts verify -r $RUN_ID -a model --against model   (what is in both folders)',
    'mlstow artifacts verify -u s3://bucket/path --against out --size-only --output jsonl',
  ],
  options: {
    runId: text('-r, --run-id <id>', 'run whose artifacts to compare', {
      setting: 'tracking.runId',
      completes: 'run-id',
    }),
    uri: text('-u, --artifact-uri <uri>', 'compare what is below this URI instead; it wins over a run'),
    artifactPath: text('-a, --artifact-path <path>', 'only this file, or what is in this folder', {
      completes: 'artifact-path',
    }),
    against: required('--against <folder>', 'the folder (or, for one artifact, the file) to compare with'),
    sizeOnly: flag('--size-only', 'compare names and sizes, and read nothing'),
    include: SELECTION_OPTIONS.include,
    exclude: SELECTION_OPTIONS.exclude,
    manifest: SELECTION_OPTIONS.manifest,
    workers: TRANSFER_OPTIONS.workers,
    bwlimit: TRANSFER_OPTIONS.bwlimit,
    ...STORE_OPTIONS,
  },
  async run(session, values) {
    const { verifyView } = await import('./verify-view.ts');
    return verifyView(session, values);
  },
});
