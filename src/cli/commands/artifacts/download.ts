import { command, text } from '../../command.ts';
import { SELECTION_OPTIONS, STORE_OPTIONS, TRANSFER_OPTIONS } from '../../global-options.ts';
import { readResume } from './read-resume.ts';

export const download = command({
  name: 'artifacts download',
  summary: 'Download the artifacts of a run, or below a URI; the last line is where they are.',
  details: [
    "A file appears under its name only when it is whole and verified. Without -d a new temporary folder is made; the store's own path is never given. Typed again after a kill it goes on with what is there; --resume keeps unfinished files also when it is stopped.",
  ],
  examples: [
    'mlstow artifacts download -r $RUN_ID -d out',
    'mlstow artifacts download -r $RUN_ID -a model -d out      (out/model/…)',
    'mlstow artifacts download -u models:/fraud@champion -d out',
  ],
  options: {
    runId: text('-r, --run-id <id>', 'run to download from', {
      setting: 'tracking.runId',
      completes: 'run-id',
    }),
    artifactPath: text(
      '-a, --artifact-path <path>',
      'only this file or folder; a trailing slash means its contents',
      { completes: 'artifact-path' },
    ),
    uri: text('-u, --artifact-uri <uri>', 'download this URI instead; it wins over a run'),
    folder: text('-d, --dst-path <folder>', 'where to; a new temporary folder when absent'),
    ...SELECTION_OPTIONS,
    ...TRANSFER_OPTIONS,
    ...STORE_OPTIONS,
  },
  async run(session, values) {
    const { downloadView } = await import('./download-view.ts');
    return downloadView(session, { ...values, resume: readResume(values) });
  },
});
