import type { Check } from '../../../check.ts';
import { ok, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

function judge({ root: { uri }, system, trouble }: RootSurvey): readonly Finding[] {
  if (system !== 'sftp') return [];
  if (!trouble) return [ok('it shows a host key that is known here', uri)];
  if (troubleKind(trouble) !== 'host key') return [toldElsewhere(trouble, uri)];
  return [
    failWith(trouble, "compare the key's fingerprint with the server's, then add it to known_hosts", uri),
  ];
}

export const sshHostKeys: Check = {
  id: 'D09',
  name: 'ssh-host-keys',
  area: 'stores',
  title: 'Every SSH server shows the host key that is known here',
  explain:
    'No hostkey for host … found, Host key verification failed: an sftp: location is opened only where the server proves to be the one that ~/.ssh/known_hosts, MLSTOW_SFTP_KNOWN_HOSTS or MLSTOW_SFTP_HOST_KEY_FINGERPRINT names; a container or a new worker knows none. Compare the fingerprint that is told with the one of the server (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), and only then add the key. A key that has changed may be a server that was set up anew, or somebody in between: ask before you replace it.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  async run(context, io) {
    const found = await judgeRoots(context, io, judge);
    return found.length > 0 ? found : [ok('no root is on an SSH server')];
  },
};
