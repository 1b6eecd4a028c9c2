import { access, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure, type FailureKind } from '../../../src/core/failure.ts';
import type { Io } from '../../../src/core/io.ts';
import { parseLocation } from '../../../src/core/location.ts';
import {
  checkShared,
  type Fitness,
  type SharedRule,
  type SharedTracking,
} from '../../../src/resolver/shared-rule.ts';
import type { ServerArtifacts } from '../../../src/tracking/store.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';
import { fakeClock } from '../../conformance/artifact-store/fake-clock.ts';
import { io, temporaryFolder } from '../tracking/sql/database.ts';

/** A place in a temporary folder, with nothing in it that counts as temporary unless told. */
async function place(options: Partial<SharedRule> = {}): Promise<{ cwd: string; rule: SharedRule }> {
  const cwd = await temporaryFolder();
  const rule: SharedRule = {
    cwd,
    hostname: 'laptop',
    tempDirectories: [join(cwd, 'tmp')],
    sharedPaths: [],
    allowLocal: false,
    airflowDag: undefined,
    trackingUri: 'http://tracking:5000',
    clock: fakeClock(),
    ...options,
  };
  return { cwd, rule };
}

const network: SharedTracking = { reach: 'network', label: 'http://tracking:5000' };

/** A server that sees a folder of this machine, from the nth look on. */
function seeing(folder: string, from = 1): SharedTracking & { readonly looks: () => number } {
  let looks = 0;
  const list = async (): ReturnType<ServerArtifacts['list']> => {
    looks += 1;
    const names = looks < from ? [] : await readdir(folder);
    return names.map((path) => ({ path, isDirectory: false }));
  };
  return { ...network, serverArtifacts: { list }, looks: () => looks };
}

const check = async (
  path: string,
  tracking: SharedTracking,
  rule: SharedRule,
  run?: { readonly runId: string },
  with_: Io = io,
): Promise<Fitness> => checkShared(parseLocation(path), tracking, rule, with_, run);

const run = { runId: 'r1' };
const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe('a location that needs no proof', () => {
  it('is a remote one, one beside local records, and any with --allow-local', async () => {
    const { cwd, rule } = await place();
    expect(await check('s3://b/x', network, rule)).toBe('remote');
    expect(await check(cwd, { reach: 'local', label: 'sqlite' }, rule)).toBe('same machine');
    const allowed = { ...rule, allowLocal: true, airflowDag: 'dag' };
    expect(await check('./relative', network, allowed)).toBe('allowed by the user');
    expect(await check(join(cwd, 'tmp/x'), network, allowed)).toBe('allowed by the user');
  });
});

describe('a local location beside records on another machine', () => {
  it('is refused, with path, machine, reason and ways out', async () => {
    const { cwd, rule } = await place();
    const failure = await expectFailure(check(join(cwd, 'x'), network, rule), 'misconfigured');
    for (const part of [join(cwd, 'x'), 'laptop', 'http://tracking:5000'])
      expect(failure.message).toContain(part);
    for (const way of ['--shared-path', '--allow-local', 's3://']) expect(failure.facts.hint).toContain(way);
    expect(failure.facts.settings).toEqual(['artifacts.allowLocal', 'artifacts.sharedPaths']);
    expect(await exists(join(cwd, 'x'))).toBe(false);
  });

  it('counts a relative one from the working directory', async () => {
    const { cwd, rule } = await place();
    const failure = await expectFailure(check('mlruns/0', network, rule), 'misconfigured');
    expect(failure.message).toContain(join(cwd, 'mlruns/0'));
  });

  it('is fit at and below a shared path, and not beside one', async () => {
    const { cwd, rule } = await place();
    const nfs = join(cwd, 'nfs');
    await mkdir(nfs);
    await mkdir(join(cwd, 'nfs2'));
    const shared = { ...rule, sharedPaths: ['/elsewhere', `${nfs}/`] };
    expect(await check(nfs, network, shared)).toBe('shared path');
    expect(await check(join(nfs, 'a/b'), network, shared)).toBe('shared path');
    expect(await check(join(nfs, '..hidden'), network, shared)).toBe('shared path');
    await expectFailure(check(join(cwd, 'nfs2/a'), network, shared), 'misconfigured');
    await expectFailure(check(cwd, network, shared), 'misconfigured');
  });

  it.each(['nfs', './nfs', '~/nfs', '', '.'])(
    'is not fit by the shared path %j, which is not absolute',
    async (entry) => {
      const { cwd, rule } = await place();
      await mkdir(join(cwd, 'nfs'));
      const shared = { ...rule, sharedPaths: [entry] };
      await expectFailure(check(join(cwd, 'nfs/a'), network, shared), 'misconfigured');
    },
  );

  it('is not fit when a link below the shared path leads elsewhere, and is when it stays', async () => {
    const { cwd, rule } = await place();
    await mkdir(join(cwd, 'nfs/real'), { recursive: true });
    await mkdir(join(cwd, 'disk'));
    await symlink(join(cwd, 'disk'), join(cwd, 'nfs/out'));
    await symlink(join(cwd, 'nfs/real'), join(cwd, 'nfs/in'));
    await symlink('round', join(cwd, 'nfs/round'));
    const shared = { ...rule, sharedPaths: [join(cwd, 'nfs')] };
    expect(await check(join(cwd, 'nfs/in/a'), network, shared)).toBe('shared path');
    for (const bad of ['nfs/out/a', 'nfs/round/a']) {
      const failure = await expectFailure(check(join(cwd, bad), network, shared), 'misconfigured');
      expect(failure.message).toContain('a link leads from the shared path');
    }
  });

  it('is fit below a shared path that is itself a link, by its own name only', async () => {
    const { cwd, rule } = await place();
    await mkdir(join(cwd, 'volume'));
    await symlink(join(cwd, 'volume'), join(cwd, 'nfs'));
    const shared = { ...rule, sharedPaths: [join(cwd, 'nfs')] };
    expect(await check(join(cwd, 'nfs/a'), network, shared)).toBe('shared path');
    await expectFailure(check(join(cwd, 'volume/a'), network, shared), 'misconfigured');
  });

  it('is not fit below a shared path that is not mounted', async () => {
    const { cwd, rule } = await place();
    const shared = { ...rule, sharedPaths: [join(cwd, 'nfs')] };
    const failure = await expectFailure(check(join(cwd, 'nfs/a'), network, shared), 'misconfigured');
    expect(failure.message).toContain('is not there on this machine');
    expect(await exists(join(cwd, 'nfs'))).toBe(false);
  });
});

describe('a probe', () => {
  it('proves a folder that the server sees, and is gone; the folder stays', async () => {
    const { cwd, rule } = await place();
    const folder = join(cwd, 'a/b/artifacts');
    const server = seeing(folder);
    expect(await check(folder, server, rule, run)).toBe('proven shared');
    expect([server.looks(), await readdir(folder)]).toEqual([1, []]);
  });

  it('holds a sentence for whoever finds it, under a name that stores show', async () => {
    const { cwd, rule } = await place();
    let seen = '';
    const list = async (): ReturnType<ServerArtifacts['list']> => {
      const [path = ''] = await readdir(cwd);
      seen = `${path} ${await readFile(join(cwd, path), 'utf8')}`;
      return [{ path, isDirectory: false }];
    };
    await check(cwd, { ...network, serverArtifacts: { list } }, rule, run);
    expect(seen).toMatch(/^\.mlstow-probe-[0-9a-f]{16} mlstow probe: safe to delete\n$/);
  });

  it('is looked for again, since network file systems cache directories', async () => {
    const { cwd, rule } = await place();
    const server = seeing(cwd, 3);
    expect(await check(cwd, server, rule, run)).toBe('proven shared');
    expect((rule.clock as ReturnType<typeof fakeClock>).waits).toEqual([500, 500]);
  });

  it('refuses a folder that the server does not see, and leaves nothing', async () => {
    const { cwd, rule } = await place();
    const other = await temporaryFolder();
    const server = seeing(other);
    const failure = await expectFailure(check(join(cwd, 'a/b'), server, rule, run), 'misconfigured');
    expect(failure.message).toContain('not in its listing');
    expect([server.looks(), await readdir(cwd)]).toEqual([3, []]);
  });

  it('keeps folders that were there, or that somebody else uses by now', async () => {
    const { cwd, rule } = await place();
    await mkdir(join(cwd, 'a'));
    const list = async (): ReturnType<ServerArtifacts['list']> => {
      await writeFile(join(cwd, 'a/b/theirs'), '');
      return [];
    };
    const blind = { ...network, serverArtifacts: { list } };
    await expectFailure(check(join(cwd, 'a/b/c'), blind, rule, run), 'misconfigured');
    expect(await readdir(join(cwd, 'a/b'))).toEqual(['theirs']);
  });

  it('is not tried where no run is known or the server lists nothing', async () => {
    const { cwd, rule } = await place();
    const server = seeing(cwd);
    await expectFailure(check(cwd, server, rule), 'misconfigured');
    await expectFailure(check(cwd, network, rule, run), 'misconfigured');
    expect(server.looks()).toBe(0);
  });

  it('says when this machine cannot write there', async () => {
    const { cwd, rule } = await place();
    await writeFile(join(cwd, 'file'), '');
    const failure = await expectFailure(check(join(cwd, 'file/a'), seeing(cwd), rule, run), 'misconfigured');
    expect(failure.message).toMatch(/cannot be written here \((ENOTDIR|EEXIST)\)/);
  });

  const failing = (kind: FailureKind): SharedTracking => ({
    ...network,
    serverArtifacts: {
      list: async () => Promise.reject(new Failure({ kind, message: 'the server says no', subject: 'r1' })),
    },
  });

  it.each(['not-found', 'denied', 'invalid', 'unsupported'] as const)(
    'takes the answer %s of the listing for a no',
    async (kind) => {
      const { cwd, rule } = await place();
      const failure = await expectFailure(check(cwd, failing(kind), rule, run), 'misconfigured');
      expect(failure.message).toContain('the server says no');
      expect(await readdir(cwd)).toEqual([]);
    },
  );

  it.each(['unavailable', 'timeout', 'unauthenticated', 'throttled'] as const)(
    'passes on %s, after which a retry may help',
    async (kind) => {
      const { cwd, rule } = await place();
      await expectFailure(check(join(cwd, 'a'), failing(kind), rule, run), kind);
      expect(await readdir(cwd)).toEqual([]);
    },
  );

  it('is gone when the command is stopped, even if the listing never ends', async () => {
    const { cwd, rule } = await place();
    const controller = new AbortController();
    const reason = new Failure({ kind: 'cancelled', message: 'stopped by SIGTERM', subject: 'mlstow' });
    let during: readonly string[] = [];
    const list = async (): Promise<never> => {
      during = await readdir(join(cwd, 'a'));
      controller.abort(reason);
      return new Promise(() => undefined);
    };
    const hanging = { ...network, serverArtifacts: { list } };
    const asked = check(join(cwd, 'a'), hanging, rule, run, { signal: controller.signal });
    expect((await expectFailure(asked, 'cancelled')).message).toBe('stopped by SIGTERM');
    expect([during.length, await readdir(cwd)]).toEqual([1, []]);
    const again = check(join(cwd, 'a'), hanging, rule, run, { signal: controller.signal });
    await expectFailure(again, 'cancelled');
  });

  it('is gone when the command is stopped between two looks', async () => {
    const { cwd, rule } = await place();
    const controller = new AbortController();
    const clock = {
      now: () => 0,
      sleep: async () => {
        controller.abort(new DOMException('stop', 'AbortError'));
      },
    };
    const server = seeing(await temporaryFolder());
    const asked = check(cwd, server, { ...rule, clock }, run, { signal: controller.signal });
    await expectFailure(asked, 'cancelled');
    expect(await readdir(cwd)).toEqual([]);
  });

  it('tells when it cannot be removed, and is content when somebody else did', async () => {
    const { cwd, rule } = await place();
    const swap = (make: (path: string) => Promise<unknown>): SharedTracking => ({
      ...network,
      serverArtifacts: {
        list: async () => {
          const [path = ''] = await readdir(join(cwd, 'a'));
          await rm(join(cwd, 'a', path));
          await make(join(cwd, 'a', path));
          return [{ path, isDirectory: false }];
        },
      },
    });
    const gone = swap(async () => undefined);
    expect(await check(join(cwd, 'a'), gone, rule, run)).toBe('proven shared');
    const stuck = swap(async (path) => mkdir(path));
    const failure = await expectFailure(check(join(cwd, 'a'), stuck, rule, run), 'unavailable');
    expect(failure.facts.hint).toBe('remove it by hand');
  });
});
