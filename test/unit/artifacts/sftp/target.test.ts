import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostConfig } from '../../../../src/artifacts/stores/sftp/ssh-config.ts';
import { labelOf, resolveTarget } from '../../../../src/artifacts/stores/sftp/target.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sftp-target-'));
  await mkdir(join(home, '.ssh'));
  for (const name of ['id_rsa', 'work']) await writeFile(join(home, '.ssh', name), 'a key');
});
afterAll(async () => rm(home, { recursive: true }));

async function resolve(config: string, parts: Parameters<typeof resolveTarget>[0]) {
  const configFile = join(home, '.ssh', 'config');
  await writeFile(configFile, config);
  const never = { connectMs: 1, idleMs: 1, sessions: 1, warn: () => undefined };
  return resolveTarget(parts, { ...never, home, user: 'me', configFile });
}

test('the first value wins, Host patterns choose, Match is never run', () => {
  const text = 'Host a* !ab\n  User first\nMatch exec "false"\n  User evil\nHost *\n  User last\n  Port 23\n';
  expect(hostConfig(text, 'aa').get('user')).toEqual(['first', 'last']);
  expect(hostConfig(text, 'ab').get('user')).toEqual(['last']);
  expect(hostConfig(text, 'b').get('port')).toEqual(['23']);
});

test('HostName replaces the host; port and user count where the URI has none', async () => {
  const config =
    'Host box\n  HostName %h.example.org\n  Port 2200\n  User them\n  IdentityFile ~/.ssh/work\n';
  const from = await resolve(config, { host: 'box' });
  expect(from).toMatchObject({ host: 'box.example.org', port: 2200, user: 'them' });
  expect(from.identityFiles).toEqual([join(home, '.ssh', 'work')]);
  expect(labelOf(from)).toBe('sftp://them@box.example.org:2200');
  const own = await resolve(config, { host: 'box', port: 22, user: 'us' });
  expect(own).toMatchObject({ port: 22, user: 'us' });
});

test('without a configuration: our user, port 22, the keys that exist', async () => {
  const target = await resolve('', { host: '' });
  expect(target).toMatchObject({ host: 'localhost', port: 22, user: 'me' });
  expect(target.identityFiles).toEqual([join(home, '.ssh', 'id_rsa')]);
});

test('one jump host is taken, commands and chains are refused', async () => {
  const one = await resolve('Host box\n  ProxyJump them@gate:2222\n', { host: 'box' });
  expect(one.jump).toMatchObject({ host: 'gate', port: 2222, user: 'them' });
  for (const line of ['ProxyJump a,b', 'ProxyCommand nc %h %p']) {
    const failure = await failureOf(resolve(`Host box\n  ${line}\n`, { host: 'box' }));
    expect(failure.kind).toBe('unsupported');
  }
});
