import { access } from 'node:fs/promises';
import { describeOrigin } from '../../../config/origin.ts';
import type { Config } from '../../../config/resolve.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo, undo } from '../../settings/undo.ts';

const FILES = [
  { key: 'sftp.identityFile', what: 'private key', example: '~/.ssh/id_ed25519' },
  { key: 'sftp.knownHosts', what: 'file of known hosts', example: '~/.ssh/known_hosts' },
] as const;

async function look(
  config: Config,
  { key, what, example }: (typeof FILES)[number],
): Promise<readonly Finding[]> {
  const found = given(config, key);
  if (!found) return [];
  const { value, origin } = found;
  const readable = await access(value).then(
    () => true,
    () => false,
  );
  if (readable) return [ok(`${value} (${describeOrigin(origin)}) can be read`, origin.name)];
  return [
    fail(
      `the ${what} ${value} (${describeOrigin(origin)}) does not exist or may not be read`,
      `${setTo(origin, example)}, or ${undo(origin)}`,
      origin.name,
    ),
  ];
}

function fingerprint(config: Config): readonly Finding[] {
  const found = given(config, 'sftp.hostKeyFingerprint');
  if (!found || /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(found.value)) return [];
  return [
    fail(
      `${describeOrigin(found.origin)} is no SHA256 fingerprint, so no host key can match it`,
      `${setTo(found.origin, 'SHA256:…')} as ssh-keygen -lf FILE.pub prints it on the server, or ${undo(found.origin)}`,
      found.origin.name,
    ),
  ];
}

export const sftpFiles: Check = {
  id: 'D48',
  name: 'sftp-files',
  area: 'configuration',
  title: 'The keys that SFTP is told to use are there',
  explain:
    'MLSTOW_SFTP_IDENTITY_FILE names the only key that is offered, MLSTOW_SFTP_KNOWN_HOSTS the only hosts that are trusted, and MLSTOW_SFTP_HOST_KEY_FINGERPRINT the only host key. With a wrong path or an MD5 fingerprint, every connection is refused, with "authentication failed" or "host key unknown".',
  network: false,
  needs: [],
  async run({ config }) {
    const files = await Promise.all(FILES.map(async (file) => look(config, file)));
    return [...files.flat(), ...fingerprint(config)];
  },
};
