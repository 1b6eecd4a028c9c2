import { declarationOf, type Key } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { fail } from '../../finding.ts';

/** Other checks tell these, with more. */
const ELSEWHERE: ReadonlySet<Key> = new Set<Key>([
  's3.endpointUrl',
  's3.uploadExtraArgs',
  'gcs.uploadChunkSize',
  'gcs.downloadChunkSize',
]);

export const malformedSettings: Check = {
  id: 'D50',
  name: 'malformed-settings',
  area: 'configuration',
  title: 'Every setting has a value that can be read',
  explain:
    'A malformed value is an error in mlstow, never a fall-back: the command that needs it ends with 3 and names the variable. Here all of them are told at once. Stock MLflow fails on some, and takes others for their default.',
  network: false,
  needs: [],
  run: ({ config }) =>
    config.entries().flatMap((entry) => {
      if (!('failure' in entry) || ELSEWHERE.has(entry.key)) return [];
      // Kubernetes sets MLFLOW_PORT=tcp://…; what only a server reads is told by its presence.
      if (declarationOf(entry.key).serverOnly) return [];
      const { message, hint = 'correct or remove it', subject } = entry.failure.facts;
      return [fail(message, hint, subject)];
    }),
};
