import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';

import { join } from 'node:path';
import SftpClient from 'ssh2-sftp-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { parseArtifactPath as path } from '../../src/core/artifact-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import { exitCodeOf } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { parseLocation } from '../../src/core/location.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { freePort } from '../testbeds/bed.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { connectTo, type Target } from '../testbeds/sftp-store.ts';
import { makeKey, startSshd, type Sshd } from '../testbeds/sshd.ts';
import { startToxiproxy, type Proxy, type Toxiproxy } from '../testbeds/toxiproxy.ts';

const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
let sshd: Sshd;
let served = '';
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  sshd = await startSshd({ hostKeys: ['ed25519', 'ecdsa'] });
  served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
});
afterAll(async () => {
  for (const close of closing) await close();
  await sshd.stop();
});

function open(target: Target, overrides: Parameters<typeof connectTo>[1] = {}, at = served): ArtifactStore {
  const backend = connectTo(target, overrides);
  closing.push(() => backend.close());
  const { user, host, port } = target;
  return backend.at(parseLocation(`sftp://${user}@${host}:${port}${at}`));
}

const look = (store: ArtifactStore) => store.stat(path('file'), io);

describe('who the server is', () => {
  test('an unknown key is refused with its fingerprint and the line to type', async () => {
    const knownHosts = join(sshd.dir, 'empty');
    await writeFile(knownHosts, '# nothing\n');
    const before = await sshd.logins();
    const { kind, message, facts } = await failureOf(look(open(sshd, { knownHosts })));
    expect(kind).toBe('misconfigured');
    expect(message).toContain(sshd.fingerprint);
    expect(facts.hint).toContain(`ssh-keyscan -p ${sshd.port} 127.0.0.1 >> ${knownHosts}`);
    expect(await sshd.logins()).toBe(before);
  });

  test('another key than the known one is denied loudly; a revoked one too', async () => {
    const other = join(sshd.dir, 'other');
    await makeKey(other);
    const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    const knownHosts = join(sshd.dir, 'changed');
    await writeFile(knownHosts, `[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
    const changed = await failureOf(look(open(sshd, { knownHosts })));
    expect([changed.kind, changed.message]).toEqual(['denied', expect.stringContaining('HAS CHANGED')]);
    const own = (await readFile(sshd.knownHosts, 'utf8')).split('\n').filter((line) => line.startsWith('['));
    await writeFile(knownHosts, own.map((line) => `@revoked ${line}\n`).join(''));
    const revoked = await failureOf(look(open(sshd, { knownHosts })));
    expect([revoked.kind, revoked.message]).toEqual(['denied', expect.stringContaining('revoked')]);
  });

  test('a key type that known_hosts has is asked for, though the server prefers another', async () => {
    const knownHosts = join(sshd.dir, 'ecdsa-only');
    const lines = (await readFile(sshd.knownHosts, 'utf8')).split('\n');
    await writeFile(knownHosts, `${lines.filter((line) => line.includes(' ecdsa-')).join('\n')}\n`);
    expect(await look(open(sshd, { knownHosts }))).toBeUndefined();
  });

  test('the fingerprint that is set is enough, and the only one', async () => {
    const knownHosts = join(sshd.dir, 'empty');
    const right = { knownHosts, hostKeyFingerprint: sshd.fingerprint };
    expect(await look(open(sshd, right))).toBeUndefined();
    const wrong = { hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` };
    expect((await failureOf(look(open(sshd, wrong)))).kind).toBe('denied');
  });
});

describe('who we are', () => {
  test('a refused login names what was tried, and is tried once', async () => {
    const locked = join(sshd.dir, 'locked');
    const stranger = join(sshd.dir, 'stranger');
    await makeKey(locked, 'ed25519', 'a passphrase');
    await makeKey(stranger);
    const config = join(sshd.dir, 'strange_config');
    await writeFile(config, `Host *\n  IdentityFile ${locked}\n  IdentityFile ${stranger}\n`);
    const store = open(sshd, { configFile: config, password: 'hunter2' });
    const failure = await failureOf(look(store));
    expect(failure.kind).toBe('unauthenticated');
    expect(failure.message).toContain(`key ${stranger}`);
    expect(failure.message).toContain(`${locked} (`);
    expect(failure.message).toContain('the server takes publickey');
    expect(JSON.stringify(failure.facts)).not.toContain('hunter2');
    expect(await failureOf(look(store))).toBe(failure);
  });

  test('an encrypted key is opened with its passphrase', async () => {
    const key = join(sshd.dir, 'encrypted');
    await makeKey(key, 'ed25519', 'open sesame');
    const trusted = await readFile(join(sshd.dir, 'authorized_keys'), 'utf8');
    await writeFile(join(sshd.dir, 'authorized_keys'), trusted + (await readFile(`${key}.pub`, 'utf8')));
    const store = open(sshd, { identityFile: key, identityPassphrase: 'open sesame' });
    expect(await look(store)).toBeUndefined();
  });

  test('ssh_config gives host, port, user, identity and a jump host', async () => {
    const config = join(sshd.dir, 'jump_config');
    const real = `  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${sshd.user}\n`;
    const lines = `Host far\n${real}  ProxyJump near\nHost near\n${real}Host *\n  IdentityFile %d/.ssh/id_ed25519\n`;
    await writeFile(config, lines);
    const backend = connectTo(sshd, { configFile: config });
    closing.push(() => backend.close());
    const before = await sshd.logins();
    expect(await look(backend.at(parseLocation(`sftp://far${served}`)))).toBeUndefined();
    expect((await sshd.logins()) - before).toBe(2);
  });

  test('a password in the URI is warned of', async () => {
    const told: string[] = [];
    const backend = connectTo(sshd, { warn: (message) => told.push(message) });
    backend.at(parseLocation(`sftp://somebody:p%40ss@127.0.0.1:${sshd.port}/x`));
    expect(told).toEqual([expect.stringContaining('holds a password')]);
    expect(told.join()).not.toContain('p%40ss');
  });
});

test('the agent is asked, of many keys for the right one', async () => {
  const agentSocket = join(sshd.dir, 'agent');
  const agent = await mustRun('ssh-agent', ['-a', agentSocket, '-s']);
  closing.push(async () => void process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(agent.stdout)?.[1])));
  const other = join(sshd.dir, 'agent-other');
  await makeKey(other);
  const env = { ...process.env, SSH_AUTH_SOCK: agentSocket };
  await mustRun('ssh-add', ['-q', other, sshd.identityFile], { env });
  const home = join(sshd.dir, 'no-keys');
  await mkdir(home);
  expect(await look(open(sshd, { agentSocket, home, knownHosts: sshd.knownHosts }))).toBeUndefined();
  const none = open(sshd, { home, knownHosts: sshd.knownHosts });
  expect((await failureOf(look(none))).message).toContain('nothing could be offered');
});

test('another client reads what is written, under its own name only', async () => {
  const folder = join(served, 'shared');
  await open(sshd, {}, folder).write(path('deep/file'), bytesSource(Buffer.from('bytes')), {}, io);
  const client = new SftpClient('oracle', {
    error: () => undefined,
    end: () => undefined,
    close: () => undefined,
  });
  const privateKey = await readFile(sshd.identityFile);
  await client.connect({ host: sshd.host, port: sshd.port, username: sshd.user, privateKey });
  expect((await client.list(join(folder, 'deep'))).map(({ name }) => name)).toEqual(['file']);
  expect(await client.get(join(folder, 'deep', 'file'))).toEqual(Buffer.from('bytes'));
  await client.end();
});

describe('sessions', () => {
  test('are opened when needed and not beyond the cap; a dead one is replaced', async () => {
    const before = await sshd.logins();
    const store = open(sshd, { sessions: 3 });
    expect(await sshd.logins()).toBe(before);
    await look(store);
    await look(store);
    expect((await sshd.logins()) - before).toBe(1);
    await Promise.all(Array.from({ length: 40 }, async () => look(store)));
    expect((await sshd.logins()) - before).toBe(3);
  });
});

describe('a broken network', () => {
  let toxiproxy: Toxiproxy;
  let proxy: Proxy;
  let through: Target;
  beforeAll(async () => {
    toxiproxy = await startToxiproxy();
    proxy = await toxiproxy.proxy(`127.0.0.1:${sshd.port}`);
    through = { ...sshd, port: Number(proxy.address.split(':')[1]) };
  });
  afterAll(() => toxiproxy.stop());

  const broken = (idleMs = 20_000) => open(through, { hostKeyFingerprint: sshd.fingerprint, idleMs });
  const withRetries = (store: ArtifactStore) =>
    layered(store, [
      guard,
      retry({
        policy: { maxRetries: 5, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true },
        clock: systemClock,
      }),
      limit(createGate(store.traits.connections)),
    ]);

  test('nothing listens: unavailable, exit 7, nothing happened', async () => {
    const { facts } = await failureOf(look(open({ ...sshd, port: await freePort() })));
    expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect([exitCodeOf(facts.kind), facts.effect ?? 'none']).toEqual([7, 'none']);
  });

  test('latency and little bandwidth: whole', async () => {
    const bytes = Buffer.alloc(MIB, 'slow ');
    await proxy.add({ type: 'latency', attributes: { latency: 50, jitter: 20 } });
    await proxy.add({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 1000 } });
    const store = broken();
    await store.write(path('slow'), bytesSource(bytes), {}, io);
    const body = await store.read(path('slow'), {}, io);
    expect(Buffer.concat((await body.stream.toArray()) as Buffer[]).equals(bytes)).toBe(true);
    await proxy.heal();
  });

  test('a cut while uploading publishes nothing; a dead session is replaced', async () => {
    await writeFile(join(served, 'kept'), 'old');
    await proxy.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: 300_000 } });
    const store = broken();
    const failure = await failureOf(store.write(path('kept'), bytesSource(Buffer.alloc(2 * MIB)), {}, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect(await readFile(join(served, 'kept'), 'utf8')).toBe('old');
    await proxy.heal();
    await withRetries(store).write(path('kept'), bytesSource(Buffer.from('new')), {}, io);
    expect(await readFile(join(served, 'kept'), 'utf8')).toBe('new');
  });

  test('a body that is cut is never short', async () => {
    await writeFile(join(served, 'body'), Buffer.alloc(4 * MIB, 'cut me '));
    await proxy.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: MIB } });
    const body = await broken().read(path('body'), {}, io);
    const cut = await failureOf(body.stream.toArray());
    expect(cut.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    await proxy.heal();
  });

  test('a server that falls silent is a timeout, and its session is replaced', async () => {
    const store = broken(400);
    expect(await look(store)).toBeUndefined();
    await proxy.add({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    expect((await failureOf(look(store))).facts).toMatchObject({ kind: 'timeout', retry: 'later' });
    await proxy.heal();
    expect(await look(store)).toBeUndefined();
  });

  test('a slow close harms nothing', async () => {
    await proxy.add({ type: 'slow_close', stream: 'downstream', attributes: { delay: 500 } });
    const store = broken();
    await store.write(path('closing'), bytesSource(Buffer.from('whole')), {}, io);
    expect(await readFile(join(served, 'closing'), 'utf8')).toBe('whole');
    await proxy.heal();
  });
});

async function listAndRemoveMany(): Promise<void> {
  const many = join(served, 'many');
  await mkdir(many);
  await chmod(many, 0o777);
  const names = Array.from({ length: 10_000 }, (_, index) => `f${index}`);
  for (const name of names) await writeFile(join(many, name), '');
  const store = withGate(open(sshd, {}, many));
  let seen = 0;
  for await (const page of store.list('', { recursive: true }, io)) {
    seen += page.length;
    expect(
      await store.remove(
        page.map((each) => ({ path: each.path, kind: 'file' })),
        io,
      ),
    ).toEqual([]);
  }
  expect(seen).toBe(names.length);
  expect(await readdir(many)).toEqual([]);
  await rm(many, { recursive: true });
}

if (process.env['MLSTOW_SOAK'] !== undefined) test('10,000 files are listed and removed', listAndRemoveMany);

function withGate(store: ArtifactStore): ArtifactStore {
  return layered(store, [limit(createGate(store.traits.connections))]);
}
