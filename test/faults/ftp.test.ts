import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { FtpOptions } from '../../src/artifacts/stores/ftp/backend.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import { exitCodeOf } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { readTrust } from '../../src/net/tls-trust.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { proves } from '../conformance/proves.ts';
import { freePort } from '../testbeds/bed.ts';
import { startPyftpd, startVsftpd, type FtpBed } from '../testbeds/ftp.ts';
import { connectTo, storeIn } from '../testbeds/ftp-store.ts';
import { startToxiproxy, type Proxy, type Toxic, type Toxiproxy } from '../testbeds/toxiproxy.ts';

const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;
const bytes = pattern(3 * MIB);

/** A store through retries and permits; `close` ends its connections. */
function open(bed: FtpBed, options: Partial<FtpOptions> = {}) {
  const backend = connectTo(bed, options);
  const raw = storeIn(backend, bed, 'faults');
  const policy = { maxRetries: 3, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true };
  const store = layered(raw, [
    guard,
    retry({ policy, clock: systemClock }),
    limit(createGate(raw.traits.connections)),
  ]);
  return { raw, store, close: async () => backend.close() };
}

async function contentOf(store: ArtifactStore, name: string): Promise<Buffer> {
  const { stream } = await store.read(path(name), {}, io);
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}

async function names(store: ArtifactStore): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) found.push(...page.map((e) => e.path));
  return found;
}

const write = async (store: ArtifactStore, name: string, content: Uint8Array = bytes) =>
  store.write(path(name), bytesSource(content), {}, io);

async function everyVerb(store: ArtifactStore) {
  return [
    await failureOf(store.stat(path('file'), io)),
    await failureOf(names(store)),
    await failureOf(store.read(path('file'), {}, io)),
    await failureOf(write(store, 'file')),
    await failureOf(store.remove([{ path: path('file'), kind: 'file' }], io)),
    await failureOf(store.facts(io)),
  ];
}

describe('a broken network', () => {
  let toxiproxy: Toxiproxy;
  let control: Proxy;
  let data: Proxy[];
  let bed: FtpBed;
  /** The same server by way of proxies, for control and for data. */
  let through: FtpBed;

  beforeAll(async () => {
    toxiproxy = await startToxiproxy();
    const passivePorts = await Promise.all(Array.from({ length: 6 }, freePort));
    data = await Promise.all(passivePorts.map(async (port) => toxiproxy.proxy(`127.0.0.1:${port}`)));
    const portOf = ({ address }: Proxy) => Number(address.split(':')[1]);
    const announce = Object.fromEntries(passivePorts.map((port, i) => [port, portOf(data[i]!)]));
    bed = await startPyftpd({ passivePorts, announce });
    control = await toxiproxy.proxy(`127.0.0.1:${bed.port}`);
    through = { ...bed, port: portOf(control) };
    const direct = open(bed);
    await write(direct.store, 'file');
    await direct.close();
  });
  afterAll(async () => {
    await bed.stop();
    await toxiproxy.stop();
  });

  async function under(toxic: Toxic, where: readonly Proxy[], act: () => Promise<void>): Promise<void> {
    for (const proxy of where) await proxy.add(toxic);
    try {
      await act();
    } finally {
      for (const proxy of where) await proxy.heal();
    }
  }
  const stored = async () => (await readdir(join(bed.root, 'faults'))).toSorted();

  test('latency and a narrow line: slower, and whole', async () => {
    const { store, close } = open(through);
    await under({ type: 'latency', attributes: { latency: 30 } }, [control, ...data], async () => {
      await write(store, 'late', pattern(MIB));
      expect((await contentOf(store, 'late')).equals(pattern(MIB))).toBe(true);
    });
    await under({ type: 'bandwidth', attributes: { rate: 4_000 } }, data, async () => {
      expect((await contentOf(store, 'file')).equals(bytes)).toBe(true);
    });
    await under({ type: 'slow_close', attributes: { delay: 300 } }, data, async () => {
      await write(store, 'late', pattern(1000));
      expect((await contentOf(store, 'late')).equals(pattern(1000))).toBe(true);
    });
    await store.remove([{ path: path('late'), kind: 'file' }], io);
    await close();
  });

  test('a body cut in the middle is a failure, never short', async () => {
    const { store, close } = open(through);
    const cuts: readonly Toxic[] = [
      { type: 'limit_data', stream: 'downstream', attributes: { bytes: MIB } },
      { type: 'reset_peer', stream: 'downstream', attributes: { timeout: 20 } },
    ];
    for (const toxic of cuts) {
      await under(toxic, data, async () => {
        const { facts } = await failureOf(contentOf(store, 'file'));
        expect(facts).toMatchObject({ kind: 'unavailable' });
        expect(exitCodeOf(facts.kind)).toBe(7);
      });
    }
    expect((await contentOf(store, 'file')).equals(bytes)).toBe(true);
    await close();
  });

  test('an upload cut in the middle publishes nothing and leaves nothing; the old content stays', async () => {
    const { store, close } = open(through);
    await under({ type: 'limit_data', stream: 'upstream', attributes: { bytes: MIB } }, data, async () => {
      for (const name of ['file', 'new']) {
        const { facts } = await failureOf(write(store, name, pattern(2 * MIB, 7)));
        expect(['unavailable', 'corrupt']).toContain(facts.kind);
      }
    });
    expect((await contentOf(store, 'file')).equals(bytes)).toBe(true);
    expect(await stored()).toEqual(['file']);
    await close();
  });

  test('a black hole is a timeout after the idle time, in every verb', async () => {
    const { raw, close } = open(through, { idleMs: 300, connectMs: 1_000 });
    expect(await names(raw)).toEqual(['file']);
    const hole: Toxic = { type: 'timeout', attributes: { timeout: 0 } };
    await under({ ...hole, stream: 'downstream' }, [control], async () => {
      for (const { facts } of await everyVerb(raw)) {
        expect(facts).toMatchObject({ kind: 'timeout', retry: 'later' });
      }
    });
    await under({ ...hole, stream: 'downstream' }, data, async () => {
      expect((await failureOf(contentOf(raw, 'file'))).kind).toBe('unavailable');
    });
    await under({ ...hole, stream: 'upstream' }, data, async () => {
      expect((await failureOf(write(raw, 'new'))).kind).toBe('corrupt');
    });
    expect(await names(raw)).toEqual(['file']);
    expect(await stored()).toEqual(['file']);
    await close();
  });

  test('a connection that died while it was kept is replaced', async () => {
    const { store, close } = open(through);
    expect(await names(store)).toEqual(['file']);
    await control.cut();
    await control.heal();
    expect(await names(store)).toEqual(['file']);
    await control.cut();
    const failure = await failureOf(names(store));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'exhausted' });
    await control.heal();
    await close();
  });
});

describe('a server that is strict', () => {
  test('one that takes fewer connections than we want is served by fewer', async () => {
    const bed = await startVsftpd({ maxPerIp: 2 });
    const { store, close } = open(bed, { connections: 8 });
    const all = Array.from({ length: 24 }, (_, i) => `d${i % 3}/f${i}`);
    await Promise.all(all.map(async (name) => write(store, name, pattern(50_000, name.length))));
    const read = await Promise.all(all.map(async (name) => contentOf(store, name)));
    expect(read.map(({ byteLength }) => byteLength)).toEqual(all.map(() => 50_000));
    await close();
    await bed.stop();
  });

  test('one that has no place for us at all says so', async () => {
    const bed = await startVsftpd({ maxPerIp: 1 });
    const first = open(bed);
    await first.store.facts(io);
    const second = open(bed);
    const { facts } = await failureOf(second.raw.stat(path('file'), io));
    expect(facts).toMatchObject({ kind: 'throttled', retry: 'later', settings: ['ftp.connections'] });
    await first.close();
    await second.store.facts(io);
    await second.close();
    await bed.stop();
  });

  test('nobody listens, a wrong password, no rights: told apart in every verb', async () => {
    const bed = await startPyftpd();
    const nobody = open({ ...bed, port: await freePort() });
    for (const { facts } of await everyVerb(nobody.raw)) {
      expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
    }
    const stranger = open({ ...bed, password: 'tops3cret' }, { connections: 1 });
    for (const failure of await everyVerb(stranger.raw)) {
      expect(failure.facts).toMatchObject({ kind: 'unauthenticated', vendor: { code: '530' } });
      expect(JSON.stringify(failure.facts)).not.toContain('tops3cret');
    }
    await Promise.all([nobody.close(), stranger.close()]);
    await bed.stop();
  });

  test('TLS: what one side wants and the other has not is a setting to mend', async () => {
    const [bed, plain, strict] = await Promise.all([
      startPyftpd({ tls: true }),
      startPyftpd(),
      startVsftpd({ tls: true }),
    ]);
    const builtIn = { trust: readTrust({ verifyTls: true, connectMs: 1_000, maxSockets: 1 }) };
    const unchecked = { trust: readTrust({ verifyTls: false, connectMs: 1_000, maxSockets: 1 }) };
    const asked = async (at: FtpBed, options: Partial<FtpOptions>) => {
      const { raw, close } = open(at, options);
      const failure = await failureOf(raw.facts(io));
      await close();
      return failure.facts;
    };
    for (const at of [bed, strict]) {
      expect(await asked(at, builtIn)).toMatchObject({ kind: 'misconfigured' });
      const off = await asked(at, { tls: 'off' });
      expect(['misconfigured', 'unauthenticated']).toContain(off.kind);
      expect(off.hint).toContain('MLSTOW_FTP_TLS=explicit');
      const { raw, close } = open(at, unchecked);
      expect(await raw.facts(io)).toEqual({ anchor: 'present' });
      await close();
    }
    expect(await asked(plain, { tls: 'explicit' })).toMatchObject({ kind: 'misconfigured' });
    await Promise.all([bed.stop(), plain.stop(), strict.stop()]);
  });
});

describe('servers of other habits', () => {
  test('TLS from the first byte', async (context) => {
    const bed = await startPyftpd({ tls: 'implicit' });
    const { store, close } = open(bed, { tls: 'implicit' });
    await write(store, 'a/file', pattern(100_000));
    await write(store, 'empty', Buffer.alloc(0));
    expect(await names(store)).toEqual(['a', 'a/file', 'empty']);
    expect((await contentOf(store, 'a/file')).equals(pattern(100_000))).toBe(true);
    const operations = ['write', 'list', 'read'] as const;
    await proves(context, { bed: 'FTPS on pyftpdlib, TLS from the first byte', scheme: 'ftp', operations });
    await close();
    await bed.stop();
  });

  test('neither EPSV, MLSD nor SIZE: PASV, LIST and what it tells', async () => {
    const bed = await startPyftpd({ unknown: ['EPSV', 'MLSD', 'MLST', 'SIZE'] });
    const { store, close } = open(bed);
    await write(store, 'a b/one', pattern(1234));
    expect(await names(store)).toEqual(['a b', 'a b/one']);
    expect((await store.stat(path('a b/one'), io))?.size).toBe(1234);
    expect((await contentOf(store, 'a b/one')).equals(pattern(1234))).toBe(true);
    await close();
    await bed.stop();
  });

  test('renaming onto a file refused: replaced by way of a second name, nothing is left', async () => {
    const bed = await startPyftpd({ renameOntoFiles: false });
    const { store, close } = open(bed);
    await write(store, 'file', pattern(10, 1));
    await write(store, 'file', pattern(20, 2));
    expect((await contentOf(store, 'file')).equals(pattern(20, 2))).toBe(true);
    expect(await readdir(join(bed.root, 'faults'))).toEqual(['file']);
    await close();
    await bed.stop();
  });

  test('data connections that stay silent are a timeout', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const passivePort = await freePort();
    const { port } = silent.address() as AddressInfo;
    const bed = await startPyftpd({ passivePorts: [passivePort], announce: { [passivePort]: port } });
    await mkdir(join(bed.root, 'faults'));
    await chmod(join(bed.root, 'faults'), 0o777);
    await writeFile(join(bed.root, 'faults', 'file'), 'x');
    const { raw, close } = open(bed, { idleMs: 300 });
    expect((await failureOf(names(raw))).kind).toBe('timeout');
    expect((await failureOf(contentOf(raw, 'file'))).kind).toBe('timeout');
    expect((await failureOf(write(raw, 'new'))).kind).toBe('timeout');
    await close();
    await bed.stop();
    silent.close();
  });

  test('a name that is not UTF-8 is told, not skipped', async () => {
    const bed = await startVsftpd();
    const { store, close } = open(bed);
    await write(store, 'file', pattern(1));
    await writeFile(Buffer.concat([Buffer.from(join(bed.root, 'faults', 'b')), Buffer.from([0xff])]), 'x');
    expect((await failureOf(names(store))).kind).toBe('corrupt');
    await close();
    await bed.stop();
  });
});
