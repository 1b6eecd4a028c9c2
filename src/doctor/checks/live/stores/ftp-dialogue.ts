import type { Check } from '../../../check.ts';
import { ok, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

const USUAL =
  'ask whoever runs the server for its kind of TLS, its passive ports and its limit of connections';

function judge({ root: { uri }, system, tried, trouble }: RootSurvey): readonly Finding[] {
  if (system !== 'ftp') return [];
  const failures = [trouble, ...tried.map(({ failure }) => failure)].filter((each) => each !== undefined);
  const own = failures.find((failure) => troubleKind(failure) === 'ftp');
  if (own) return [failWith(own, USUAL, uri)];
  if (trouble) return [toldElsewhere(trouble, uri)];
  const data = tried.some(({ verb, failure }) => verb === 'list' && !failure);
  return [ok(data ? 'commands and data get through' : 'commands get through', uri)];
}

export const ftpDialogue: Check = {
  id: 'D12',
  name: 'ftp-dialogue',
  area: 'stores',
  title: 'Every FTP server is spoken to as it wants, and its data gets through',
  explain:
    'FTP moves files over connections of their own, to ports that the server names (EPSV, PASV): where a firewall closes them, logging in works and every listing hangs or fails (425, "Can\'t open data connection"). A server that demands TLS refuses logins until MLSTOW_FTP_TLS is explicit (AUTH TLS, port 21) or implicit (port 990). One that counts connections answers 421 to the next: lower MLSTOW_FTP_CONNECTIONS. A refused password is told by D04, a certificate by D75.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  async run(context, io) {
    const found = await judgeRoots(context, io, judge);
    return found.length > 0 ? found : [ok('no root is on an FTP server')];
  },
};
