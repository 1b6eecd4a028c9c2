import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ArtifactPath } from '../../../../src/core/artifact-path.ts';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { expectFailure } from '../../../conformance/artifact-store/expect-failure.ts';
import { throughLayers, type Case } from '../../../conformance/artifact-store/open-case.ts';
import {
  at,
  bytesOf,
  entriesOf,
  filesOf,
  get,
  pattern,
  patternSource,
  put,
} from '../../../conformance/artifact-store/pattern.ts';
import { asOrdinaryUser, scratch } from './local-bed.ts';

let base: Awaited<ReturnType<typeof scratch>>;
let root: string;
let outside: string;
let local: Case;

beforeEach(async () => {
  base = await scratch();
  root = join(base.path, 'root');
  outside = join(base.path, 'outside');
  await mkdir(root);
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'theirs');
  local = throughLayers(openLocalStore(root), root);
});
afterEach(async () => base.remove());

describe('links', () => {
  test('nothing is read, listed, written or removed through a link out of the root', async () => {
    await symlink(outside, join(root, 'way-out'));
    await symlink('../outside/secret', join(root, 'file-out'));
    const { store, io } = local;
    await expectFailure(get(local, 'file-out'), 'denied');
    await expectFailure(get(local, 'way-out/secret'), 'denied');
    await expectFailure(store.stat(at('way-out/secret'), io), 'denied');
    await expectFailure(entriesOf(local, 'way-out'), 'denied');
    await expectFailure(put(local, 'way-out/secret', 'ours'), 'denied');
    await expectFailure(put(local, 'way-out/new/deep', 'ours'), 'denied');
    await expectFailure(store.makeDirectory!(at('way-out/new'), io), 'denied');
    const undone = await store.remove([{ path: at('way-out/secret'), kind: 'file' }], io);
    expect(undone.map(({ failure }) => failure.kind)).toEqual(['denied']);
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('theirs');
    expect((await entriesOf(local)).map(({ path, kind }) => [path, kind])).toEqual([
      ['file-out', 'other'],
      ['way-out', 'other'],
    ]);
  });

  test('a sibling whose name begins like the root is outside', async () => {
    await mkdir(`${root}-2`);
    await writeFile(join(`${root}-2`, 'file'), 'x');
    await symlink(`${root}-2`, join(root, 'sibling'));
    await expectFailure(get(local, 'sibling/file'), 'denied');
  });

  test('a link that is written to is replaced, its target stays', async () => {
    await symlink(join(outside, 'secret'), join(root, 'file'));
    await put(local, 'file', 'ours');
    expect((await lstat(join(root, 'file'))).isFile()).toBe(true);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('theirs');
  });

  test('links inside the root are read, listed and written through, as MLflow does', async () => {
    await put(local, 'checkpoint-5/weights', 'w');
    await symlink('checkpoint-5', join(root, 'latest'));
    await symlink('checkpoint-5/weights', join(root, 'best'));
    expect((await get(local, 'best')).toString()).toBe('w');
    expect((await get(local, 'latest/weights')).toString()).toBe('w');
    expect((await entriesOf(local, 'latest')).map(({ path }) => path)).toEqual(['latest/weights']);
    await put(local, 'latest/more', 'm');
    expect(await filesOf(local)).toEqual(['checkpoint-5/more', 'checkpoint-5/weights']);
    expect(await readlink(join(root, 'latest'))).toBe('checkpoint-5');
  });

  test('links in a circle and into nothing are told', async () => {
    await symlink('circle', join(root, 'circle'));
    await symlink('nowhere', join(root, 'dangling'));
    await expectFailure(get(local, 'circle'), 'denied');
    await expectFailure(get(local, 'dangling'), 'not-found');
    await expectFailure(put(local, 'dangling/file', 'x'), 'wrong-kind');
    expect(await readdir(root)).toEqual(['circle', 'dangling']);
  });

  test('the root itself may be a link', async () => {
    await symlink(root, join(base.path, 'alias'));
    const alias = throughLayers(openLocalStore(join(base.path, 'alias')), 'alias');
    await put(alias, 'a/b', 'x');
    expect(await filesOf(local)).toEqual(['a/b']);
    const removals = [{ path: at('a/b'), kind: 'file' } as const];
    expect(await alias.store.remove(removals, alias.io)).toEqual([]);
    expect(await filesOf(alias)).toEqual([]);
  });
});

describe('names', () => {
  test('one that is not UTF-8 fails the listing and is shown', async () => {
    await writeFile(Buffer.from(`${root}/caf\xe9`, 'latin1'), 'x');
    expect((await expectFailure(entriesOf(local), 'corrupt')).message).toContain('caf\\xe9');
  });

  test('one with a line break fails the listing and is shown', async () => {
    await writeFile(join(root, 'two\nlines'), 'x');
    expect((await expectFailure(entriesOf(local), 'corrupt')).message).toContain('two\\nlines');
  });

  test('255 bytes are taken, 256 refused', async () => {
    await put(local, 'ü'.repeat(127) + 'x', 'x');
    await expectFailure(put(local, 'ü'.repeat(128), 'x'), 'invalid');
    expect(await filesOf(local)).toEqual(['ü'.repeat(127) + 'x']);
  });

  test('what is unfinished is absent to every verb', async () => {
    await writeFile(join(root, '.artifact.uploading.x1'), 'half');
    const hidden = '.artifact.uploading.x1' as ArtifactPath;
    expect(await local.store.stat(hidden, local.io)).toBeUndefined();
    await expectFailure(local.store.read(hidden, {}, local.io), 'not-found');
    await expectFailure(local.store.write(hidden, patternSource(1), {}, local.io), 'invalid');
  });
});

describe('things that are no files', () => {
  test('a pipe and a socket are other, and reading them does not block', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(root, 'pipe')]);
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      expect((await entriesOf(local)).map(({ kind }) => kind)).toEqual(['other', 'other']);
      await expectFailure(get(local, 'pipe'), 'wrong-kind');
      await expectFailure(get(local, 'socket'), 'wrong-kind');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('anchor', () => {
  const anchorOf = async (path: string) => (await openLocalStore(path).facts(local.io)).anchor;

  test('a run below a mount point that is empty tells nothing', async () => {
    const mount = join(base.path, 'mount');
    await mkdir(mount);
    expect(await anchorOf(join(mount, '1', 'run', 'artifacts'))).toBe('absent');
    expect(await entriesOf(throughLayers(openLocalStore(join(mount, '1')), mount))).toEqual([]);
  });

  test('a run that is gone beside others is gone', async () => {
    await mkdir(join(root, '1', 'other-run'), { recursive: true });
    expect(await anchorOf(join(root, '1', 'run', 'artifacts'))).toBe('present');
    expect(await anchorOf(join(root, '2', 'run', 'artifacts'))).toBe('present');
    expect(await anchorOf(join(root, 'far', '2', 'run', 'x', 'artifacts'))).toBe('absent');
  });

  test('an empty directory is there, a file is no anchor', async () => {
    await mkdir(join(root, 'empty'));
    await writeFile(join(root, 'file'), '');
    expect(await anchorOf(join(root, 'empty'))).toBe('present');
    await expect(anchorOf(join(root, 'file'))).resolves.toBe('absent');
  });

  test('the first write makes the root', async () => {
    const fresh = throughLayers(openLocalStore(join(base.path, 'new', 'root')), '');
    expect(await fresh.store.stat(at('file'), fresh.io)).toBeUndefined();
    await put(fresh, 'file', 'x');
    expect(await filesOf(fresh)).toEqual(['file']);
  });
});

describe('while others write', () => {
  test.each([
    ['truncated', async (file: string) => truncate(file, 300_000)],
    ['appended to', async (file: string) => writeFile(file, 'more', { flag: 'a' })],
    ['rewritten', async (file: string) => writeFile(file, pattern(2_000_000, 5))],
  ])('a file that is %s while it is read is changed', async (_how, change) => {
    await put(local, 'file', pattern(2_000_000));
    const body = await local.store.read(at('file'), {}, local.io);
    await change(join(root, 'file'));
    await expectFailure(bytesOf(body), 'changed');
  });

  test('a file that is replaced while it is read stays what it was', async () => {
    await put(local, 'file', pattern(2_000_000));
    const body = await local.store.read(at('file'), {}, local.io);
    await put(local, 'file', 'new');
    expect((await bytesOf(body)).equals(pattern(2_000_000))).toBe(true);
  });

  test('of many writers of an absent file one wins and nothing is left of the others', async () => {
    const when = { absent: true } as const;
    const all = Array.from({ length: 24 }, async (_, seed) =>
      local.store.write(at('dir/file'), patternSource(300_000, { seed }), { when }, local.io),
    );
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const winner = settled.findIndex(({ status }) => status === 'fulfilled');
    expect((await get(local, 'dir/file')).equals(pattern(300_000, winner))).toBe(true);
    expect(await readdir(join(root, 'dir'))).toEqual(['file']);
  });

  test('a hard link made by others is not written through', async () => {
    await put(local, 'file', 'old');
    await link(join(root, 'file'), join(outside, 'same'));
    await put(local, 'file', 'new');
    expect(await readFile(join(outside, 'same'), 'utf8')).toBe('old');
  });
});

describe('without rights', () => {
  test('a directory that may not be written is denied, and nothing is left in it', async () => {
    await put(local, 'dir/file', 'x');
    await chmod(join(root, 'dir'), 0o555);
    await asOrdinaryUser(async () => {
      await expectFailure(put(local, 'dir/new', 'x'), 'denied');
      await expectFailure(put(local, 'dir/sub/new', 'x'), 'denied');
      const undone = await local.store.remove([{ path: at('dir/file'), kind: 'file' }], local.io);
      expect(undone.map(({ failure }) => failure.kind)).toEqual(['denied']);
    });
    await chmod(join(root, 'dir'), 0o755);
    expect(await filesOf(local)).toEqual(['dir/file']);
  });

  test('a directory that may not be listed fails the listing of what is above it', async () => {
    await put(local, 'a/file', 'x');
    await put(local, 'b/file', 'x');
    await chmod(join(root, 'b'), 0);
    await asOrdinaryUser(async () => {
      await expectFailure(entriesOf(local), 'denied');
    });
    await chmod(join(root, 'b'), 0o755);
  });
});
