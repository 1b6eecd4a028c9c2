import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { doctorPlace, examine, type Environment, type Told } from '../../cli/doctor/doctor-place.ts';
import { followRemedy } from '../../cli/doctor/follow-remedy.ts';
import { freePort } from '../../testbeds/bed.ts';
import { startPyftpd, type FtpBed, type PyftpdOptions } from '../../testbeds/ftp.ts';
import { mustRun } from '../../testbeds/run-command.ts';
import { makeKey, startSshd, type Sshd } from '../../testbeds/sshd.ts';

/** What may be said of a root that is not well; each belongs to one check. */
const OF_ROOTS = ['D74', 'D75', 'D09', 'D12', 'D04', 'D22', 'D23'].flatMap((id) => ['--only', id]);

/** The one complaint about a root, and from which check; the check's own word where all is well. */
async function complaint(id: string, uri: string, env: Environment, home?: string): Promise<Told> {
  const own = await doctorPlace();
  const place = home === undefined ? own : { ...own, home };
  const { items, stdout, stderr } = await examine(place, env, [...OF_ROOTS, uri]);
  for (const secret of [env['MLSTOW_FTP_PASSWORD'] ?? 'none']) expect(stdout + stderr).not.toContain(secret);
  const bad = items.filter(({ level }) => level === 'fail' || level === 'warn');
  expect(bad.filter(({ check }) => check !== id)).toEqual([]);
  const told = bad[0] ?? items.find(({ check }) => check === id);
  if (!told) throw new Error(`${id} says nothing`);
  return told;
}

describe('an SSH server', () => {
  let sshd: Sshd;
  let uri: string;

  beforeAll(async () => {
    sshd = await startSshd();
    const served = join(sshd.dir, 'served');
    await mkdir(served);
    await chmod(served, 0o777);
    uri = `sftp://${sshd.user}@127.0.0.1:${sshd.port}${served}`;
  });
  afterAll(() => sshd.stop());

  /** A client with the right private key, to whom the host is what `knownHosts` says. */
  async function homeOf(knownHosts?: string): Promise<string> {
    const { home } = await doctorPlace();
    await mkdir(join(home, '.ssh'));
    await writeFile(join(home, '.ssh', 'id_ed25519'), await readFile(sshd.identityFile), { mode: 0o600 });
    if (knownHosts !== undefined) await writeFile(join(home, '.ssh', 'known_hosts'), knownHosts);
    return home;
  }

  /** Types the commands of a remedy, in that home. */
  async function type(remedy: string | undefined, home: string): Promise<void> {
    const commands = remedy?.match(/ssh-key\w+ (?:(?! and then ).)+/g) ?? [];
    expect(commands).not.toEqual([]);
    const typed = commands.map((each) => each.replaceAll('~/', `${home}/`)).join(' && ');
    const HOME = home;
    await mustRun(
      'sh',
      ['-c', typed.replace(/ssh-keygen -R ('[^']+')/, `ssh-keygen -f ${home}/.ssh/known_hosts -R $1`)],
      {
        env: { ...process.env, HOME },
      },
    );
  }

  test('that nobody here knows: D09, until its key is known', async () => {
    const home = await homeOf();
    const broken = await complaint('D09', uri, {}, home);
    expect(broken).toMatchObject({ level: 'fail', subject: uri });
    expect(broken.evidence).toContain(`is unknown: it shows the ssh-ed25519 host key ${sshd.fingerprint}`);
    await type(broken.remedy, home);
    expect(await complaint('D09', uri, {}, home)).toMatchObject({ level: 'ok' });
  });

  test('that was another one before: D09 shouts, until the old key is taken out', async () => {
    const other = join(sshd.dir, 'another_host');
    await makeKey(other);
    const [kind = '', key = ''] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    const home = await homeOf(`[127.0.0.1]:${sshd.port} ${kind} ${key}\n`);
    const broken = await complaint('D09', uri, {}, home);
    expect(broken).toMatchObject({ level: 'fail', subject: uri });
    expect(broken.evidence).toMatch(/^THE HOST KEY OF .* HAS CHANGED/);
    await type(broken.remedy, home);
    expect(await complaint('D09', uri, {}, home)).toMatchObject({ level: 'ok' });
  });

  test('that has another key than the one that is set: D09, until that is set', async () => {
    const home = await homeOf();
    const MLSTOW_SFTP_HOST_KEY_FINGERPRINT = `SHA256:${'A'.repeat(43)}`;
    const broken = await complaint('D09', uri, { MLSTOW_SFTP_HOST_KEY_FINGERPRINT }, home);
    expect(broken.evidence).toContain(sshd.fingerprint);
    expect(broken.remedy).toContain('set MLSTOW_SFTP_HOST_KEY_FINGERPRINT to');
    const set = { MLSTOW_SFTP_HOST_KEY_FINGERPRINT: sshd.fingerprint };
    expect(await complaint('D09', uri, set, home)).toMatchObject({ level: 'ok' });
  });

  test('that lets nobody in with this key: D04, and D09 is content', async () => {
    const home = await homeOf(await readFile(sshd.knownHosts, 'utf8'));
    await makeKey(join(home, '.ssh', 'stranger'));
    const env = { MLSTOW_SFTP_IDENTITY_FILE: join(home, '.ssh', 'stranger') };
    const broken = await complaint('D04', uri, env, home);
    expect(broken.evidence).toContain('did not let');
    expect(broken.remedy).toContain('MLSTOW_SFTP_IDENTITY_FILE names a key');
    expect(await complaint('D04', uri, {}, home)).toMatchObject({ level: 'ok' });
  });
});

describe('an FTP server', () => {
  async function start(options: PyftpdOptions = {}): Promise<{ bed: FtpBed; uri: string; env: Environment }> {
    const bed = await startPyftpd(options);
    onTestFinished(() => bed.stop());
    await mkdir(join(bed.root, 'models'));
    await chmod(join(bed.root, 'models'), 0o777);
    const uri = `ftp://${bed.user}@127.0.0.1:${bed.port}/models`;
    return { bed, uri, env: { MLSTOW_FTP_PASSWORD: bed.password } };
  }

  test('and a wrong password: D04, until it is right', async () => {
    const { uri, env } = await start();
    const broken = await complaint('D04', uri, { MLSTOW_FTP_PASSWORD: 'planted-wrong' });
    expect(broken).toMatchObject({ level: 'fail', subject: uri });
    expect(broken.remedy).toContain('heck user and password');
    expect(await complaint('D12', uri, env)).toMatchObject({ level: 'ok' });
  });

  test('that demands TLS: D12, then D75, until both are set', async () => {
    const { bed, uri, env } = await start({ tls: true });
    const broken = await complaint('D12', uri, env);
    expect(broken).toMatchObject({ level: 'fail', subject: uri });
    const place = await doctorPlace();
    const encrypted = await followRemedy(broken.remedy ?? '', env, place, {});
    expect(encrypted).toMatchObject({ MLSTOW_FTP_TLS: 'explicit' });
    const distrusted = await complaint('D75', uri, encrypted);
    const trusting = (distrusted.remedy ?? '').replace(
      /(SSL_CERT_FILE) to a PEM file with the authority that signed its certificate/,
      `$1=${bed.caFile ?? ''}`,
    );
    const mended = await followRemedy(trusting, encrypted, place, {});
    expect(await complaint('D12', uri, mended)).toMatchObject({ level: 'ok' });
  });

  test('that has no TLS, and is asked for it: D12, until it is not', async () => {
    const { uri, env } = await start();
    const broken = await complaint('D12', uri, { ...env, MLSTOW_FTP_TLS: 'explicit' });
    expect(broken.evidence).toContain('does not offer encryption');
    expect(broken.remedy).toContain('or off to go without');
    expect(await complaint('D12', uri, { ...env, MLSTOW_FTP_TLS: 'off' })).toMatchObject({ level: 'ok' });
  });

  test('whose ports for data are closed on the way: D12, until they are open', async () => {
    const [open, closed] = await Promise.all([freePort(), freePort()]);
    const { uri, env } = await start({ passivePorts: [open], announce: { [open]: closed } });
    const broken = await complaint('D12', uri, env);
    expect(broken).toMatchObject({ level: 'fail', subject: uri });
    expect(broken.evidence).toContain('the ports for data that the server names cannot be reached');
    expect(broken.remedy).toContain('passive ports');
    const mended = await start({ passivePorts: [open] });
    expect(await complaint('D12', mended.uri, mended.env)).toMatchObject({
      level: 'ok',
      evidence: 'commands and data get through',
    });
  });
});
