import { describeOrigin, type Origin } from '../../../config/origin.ts';
import type { Config } from '../../../config/resolve.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../check.ts';
import { warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo } from '../../settings/undo.ts';
import { passwordless } from '../../settings/passwordless.ts';

const LOCATIONS = ['artifacts.uri', 'artifacts.destination', 'artifacts.defaultRoot'] as const;

function inLocation(value: string, origin: Origin): readonly Finding[] {
  const found = passwordless(value);
  if (!found) return [];
  return [
    warn(
      `${redactUri(value)} (${describeOrigin(origin)}) holds a password, which is recorded with every experiment and run made there and shown in MLflow's UI`,
      `${setTo(origin, found.uri)}, and ${found.instead}`,
      origin.name,
    ),
  ];
}

function inTracking(config: Config): readonly Finding[] {
  const found = given(config, 'tracking.uri');
  if (!found || !/^https?:/i.test(found.value)) return [];
  const bare = passwordless(found.value);
  if (!bare) return [];
  return [
    warn(
      `the tracking URI ${redactUri(found.value)} (${describeOrigin(found.origin)}) holds a password, which stock MLflow writes into logs and error messages`,
      `${setTo(found.origin, bare.uri)}, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
      found.origin.name,
    ),
  ];
}

export const passwordsInSettings: Check = {
  id: 'D45',
  name: 'passwords-in-settings',
  area: 'configuration',
  title: 'No artifact location or tracking URI holds a password',
  explain:
    'sftp://user:pass@host/ and ftp://user:pass@host/ are understood, and MLflow itself does not recommend them: the location is copied into every experiment, run and model made below it, shown in the UI and handed to every client. SSH takes a key (the agent, ssh_config, MLSTOW_SFTP_IDENTITY_FILE); MLSTOW_SFTP_PASSWORD and MLSTOW_FTP_PASSWORD keep a password out of the records.',
  network: false,
  needs: [],
  run({ config }) {
    const locations = LOCATIONS.flatMap((key) => {
      const found = given(config, key);
      return found ? inLocation(found.value, found.origin) : [];
    });
    return [...locations, ...inTracking(config)];
  },
};
