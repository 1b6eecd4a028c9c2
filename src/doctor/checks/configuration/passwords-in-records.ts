import { formatLocation } from '../../../core/location.ts';
import type { Check } from '../../check.ts';
import { warn, type Finding } from '../../finding.ts';
import type { Root } from '../../roots.ts';
import { passwordless } from '../../settings/passwordless.ts';

function look({ uri, recorded, experiments }: Root): readonly Finding[] {
  const [newest] = experiments;
  const found = recorded ? passwordless(formatLocation(recorded)) : undefined;
  if (!found || !newest) return [];
  const ids = experiments.map(({ experimentId }) => experimentId);
  const deletes = ids.map((id) => `mlstow experiments delete -x ${id}`).join('; ');
  return [
    warn(
      `experiment ${ids.join(', ')} records a password in its location ${uri}: everybody who sees the experiment sees it`,
      `change that password, ${found.instead}, make a new experiment with mlstow experiments create -n NAME -l ${found.uri}, and delete the old one when it is not needed: ${deletes}`,
      uri,
    ),
  ];
}

export const passwordsInRecords: Check = {
  id: 'D30',
  name: 'passwords-in-records',
  area: 'configuration',
  title: 'No experiment records a password in its location',
  explain:
    "An experiment made with sftp://user:pass@host/… or ftp://user:pass@host/… keeps the password in the database: MLflow's UI shows it, the API hands it to everybody who may read the experiment, and every run below it has a copy. Treat it as known, change it, and give new experiments a location without it.",
  network: true,
  needs: ['roots'],
  run: async (context) => (await context.roots()).flatMap(look),
};
