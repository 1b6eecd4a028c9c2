import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createGate } from '../../../src/artifacts/layers/gate.ts';
import { guard } from '../../../src/artifacts/layers/guard.ts';
import { layered } from '../../../src/artifacts/layers/layered.ts';
import { limit } from '../../../src/artifacts/layers/limit.ts';
import type { ArtifactStore, BulkItem, BulkResult } from '../../../src/artifacts/store.ts';
import { createDigest } from '../../../src/core/hash.ts';
import type { Io } from '../../../src/core/io.ts';
import { askMlstow, mustRunMlstow } from '../../interop/mlstow-command.ts';
import { filesOf, treeOf } from '../../interop/tree-of.ts';
import { bedFolder } from '../../testbeds/bed.ts';
import { commandsOf, hadoopHome } from '../../testbeds/hdfs/command.ts';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { ALICE, hdfsStoreAt, makeHome, namesBelow } from '../../testbeds/hdfs-store.ts';
import { downloadAll, folderOf, planOf, sendAll, watch, type Whole } from '../../unit/transfer/rig.ts';
import { proves } from '../proves.ts';
import { at, pattern } from './pattern.ts';

const io: Io = { signal: new AbortController().signal };
const HOME = '/bulk';
/** A JVM takes seconds, and longer where others run; some tests start dozens. */
vi.setConfig({ testTimeout: 600_000 });

/** Twenty files in four folders, with names that a shell, a pattern or Java would take for something else. */
const FILES: Readonly<Record<string, Buffer>> = {
  MLmodel: Buffer.from('flavors: {}\n'),
  empty: Buffer.alloc(0),
  '-rf': Buffer.from('a flag?'),
  '100%25 (1).txt': Buffer.from('percent'),
  'a*b[1]{c}?.txt': Buffer.from('pattern'),
  ab: Buffer.from('what the pattern would match'),
  'größe ü/zwei worte.txt': Buffer.from('two words'),
  'größe ü/.weights.bin.crc': Buffer.from('not a checksum of ours'),
  'größe ü/weights.bin': pattern(400_000),
  ...Object.fromEntries(
    Array.from({ length: 11 }, (_, i) => [`deep/${i % 2}/part-${i}`, pattern(1000 + i, i)] as const),
  ),
};

let bed: HdfsBed;
let dir: string;
let home: string;
let tree: string;

beforeAll(async () => {
  [bed, dir] = await Promise.all([startHdfs(), bedFolder('hdfs-bulk')]);
  home = await hadoopHome(bed, dir);
  await makeHome(bed, HOME);
  tree = join(dir, 'tree');
  await fillFolder(tree, FILES);
});
beforeEach(async () => {
  await commandsOf(home);
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

async function fillFolder(folder: string, files: Readonly<Record<string, Buffer>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

async function open(root: string): Promise<ArtifactStore> {
  const store = await hdfsStoreAt(bed, `${HOME}/${root}`, { driver: 'cli', home });
  return layered(store, [guard, limit(createGate(store.traits.connections))]);
}

const verbs = async () =>
  (await commandsOf(home)).map((line) => /(?:^| )-([a-z]+)\b/.exec(line.replace(/^-D \S+ /, ''))?.[1]);

const item = (path: string, file: string, size: number): BulkItem => ({ path: at(path), file, size });
const told = (results: readonly BulkResult[]) =>
  results.map((result) => [result.item.path, result.failure?.kind ?? result.proof]);

async function paths(store: ArtifactStore): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) {
    found.push(...page.filter(({ kind }) => kind === 'file').map(({ path }) => path));
  }
  return found.toSorted();
}

async function log(store: ArtifactStore, folder: string): Promise<Whole> {
  return sendAll(store, await planOf([folderOf(folder, true)]));
}

const proofsOf = ({ moved }: Whole) => Object.fromEntries(moved.map(({ path, proof }) => [path, proof]));

test('a tree of 20 files is logged, listed, downloaded and removed by a few commands', async (context) => {
  const store = await open('few');
  const proofs = {
    ...Object.fromEntries(Object.keys(FILES).map((name) => [name, 'checksum'])),
    empty: 'size',
  };
  const bytes = Object.values(FILES).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const logged = await log(store, tree);
  expect(logged.lost).toEqual([]);
  expect(proofsOf(logged)).toEqual(proofs);
  expect((await verbs()).toSorted()).toEqual(['checksum', 'cp', 'ls', 'mkdir', 'mv', 'rm']);

  const listed = await paths(store);
  expect(listed).toEqual(Object.keys(FILES).toSorted());
  expect(await verbs()).toEqual(['ls']);

  const folder = join(dir, 'down');
  const observer = watch();
  const fetched = await downloadAll(store, folder, io, observer);
  expect(fetched.lost).toEqual([]);
  expect(proofsOf(fetched)).toEqual(proofs);
  expect(observer.seen).toMatchObject({ planned: [20, bytes], bytes, under: new Set() });
  expect(await verbs()).toEqual(['ls', 'cat', 'checksum']);
  expect(await treeOf(folder)).toEqual(await treeOf(tree));

  const directories = ['deep/0', 'deep/1', 'deep', 'größe ü'];
  const batch = [
    ...listed.map((path) => ({ path: at(path), kind: 'file' }) as const),
    ...directories.map((path) => ({ path: at(path), kind: 'directory' }) as const),
  ];
  expect(await store.remove(batch, io)).toEqual([]);
  expect(await verbs()).toEqual(['rm', 'rmdir']);
  expect(await namesBelow(bed, `${HOME}/few`)).toEqual([]);
  const operations = ['write', 'list', 'read', 'delete', 'checksum'] as const;
  await proves(context, { bed: 'the hdfs command', scheme: 'hdfs', operations });
});

test('the command line needs as few: log, list, download, and what is there already', async () => {
  const env = {
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
    HADOOP_USER_NAME: ALICE,
    HADOOP_CONF_DIR: bed.confDir,
    HADOOP_HOME: home,
    MLSTOW_HDFS_DRIVER: 'cli',
  };
  const place = { cwd: dir, env };
  const location = `hdfs://${bed.authority}${HOME}/line`;
  const experiment = await askMlstow(['experiments', 'create', '-n', 'bulk', '-l', location], place);
  const run = await askMlstow(
    ['runs', 'create', '--experiment-id', experiment, '--status', 'running'],
    place,
  );
  await commandsOf(home);
  const dry = await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', run, '--dry-run'], place);
  expect(dry.stderr + dry.stdout).toContain('20');
  expect(await verbs()).toEqual(['ls']);
  const logged = await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', run], place);
  expect(logged.stderr).toContain('20 files');
  expect((await verbs()).toSorted()).toEqual(['checksum', 'cp', 'ls', 'mkdir', 'mv', 'rm']);

  const { stdout } = await mustRunMlstow(['artifacts', 'list', '-R', '-r', run], place);
  const listed = JSON.parse(stdout) as readonly { readonly path: string; readonly is_dir: boolean }[];
  const files = listed.filter((entry) => !entry.is_dir).map(({ path }) => path);
  expect(files.toSorted()).toEqual(Object.keys(FILES).toSorted());
  expect(await verbs()).toEqual(['ls']);

  const target = join(dir, 'by command');
  const args = ['artifacts', 'download', '-r', run, '-d', target, '--bwlimit', '1K'];
  const fetched = await mustRunMlstow(args, place);
  expect(fetched.stderr).toContain('--bwlimit does not hold');
  expect(await verbs()).toEqual(['ls', 'cat', 'checksum']);
  expect(await treeOf(target)).toEqual(await treeOf(tree));

  await rm(join(target, 'ab'));
  await fillFolder(target, { 'deep/0/more': Buffer.from('more'), more: Buffer.from('and more') });
  await mustRunMlstow(['artifacts', 'log', `${target}/`, '-r', run, '--if-exists', 'skip'], place);
  expect((await verbs()).toSorted()).toEqual(['checksum', 'cp', 'ls', 'ls', 'mkdir', 'mv', 'mv', 'rm']);
  const there = await namesBelow(bed, `${HOME}/line/${run}/artifacts`);
  expect(there).toEqual(expect.arrayContaining([...Object.keys(FILES), 'deep/0/more', 'more']));
});

test('the same tree again replaces all of it; what is not in it stays', async () => {
  const store = await open('again');
  await log(store, tree);
  await bed.call('PUT', `${HOME}/again/deep/0/theirs`, 'op=CREATE', Buffer.from('theirs'));
  const other = join(dir, 'other');
  const changed = Object.fromEntries(Object.keys(FILES).map((name, i) => [name, pattern(500, 50 + i)]));
  await fillFolder(other, { ...changed, 'deep/new/file': Buffer.from('new') });
  await commandsOf(home);
  expect((await log(store, other)).lost).toEqual([]);
  expect((await verbs()).length).toBeLessThan(16);
  expect(await paths(store)).toEqual([...Object.keys(FILES), 'deep/0/theirs', 'deep/new/file'].toSorted());
  const folder = join(dir, 'down again');
  await downloadAll(store, folder);
  const found = filesOf(await treeOf(folder));
  expect(found).toMatchObject(filesOf(await treeOf(other)));
  expect(found['deep/0/theirs']).toContain('6 bytes');
});

test('one that fails stops no other, and publishes nothing', async () => {
  const store = await open('some');
  await mkdir(join(dir, 'some'));
  const file = (name: string) => join(dir, 'some', name);
  await writeFile(file('good'), 'good');
  await writeFile(file('grown'), 'it has grown since');
  await symlink(file('nowhere'), file('dangling'));
  await bed.call('PUT', `${HOME}/some/dir/old`, 'op=CREATE', Buffer.from('old'));
  await bed.call('PUT', `${HOME}/some/a/grown`, 'op=CREATE', Buffer.from('kept'));
  await bed.call('PUT', `${HOME}/some/a/theirs`, 'op=CREATE', Buffer.from('theirs'));
  await makeHome(bed, `${HOME}/some`);
  await makeHome(bed, `${HOME}/some/a`);
  const results = await store.bulk!.put(
    [
      item('a/good', file('good'), 4),
      item('a/grown', file('grown'), 5),
      item('b/gone', file('dangling'), 3),
      item('dir', file('good'), 4),
      item('dir/old/below', file('good'), 4),
      item('run:1', file('good'), 4),
      { ...item('a/theirs', file('good'), 4), when: { absent: true } },
      { ...item('a/ours', file('good'), 4), when: { absent: true } },
    ],
    io,
  );
  expect(told(results)).toEqual([
    ['a/good', 'checksum'],
    ['a/grown', 'changed'],
    ['b/gone', 'not-found'],
    ['dir', 'wrong-kind'],
    ['dir/old/below', 'wrong-kind'],
    ['run:1', 'invalid'],
    ['a/theirs', 'exists'],
    ['a/ours', 'checksum'],
  ]);
  const left = ['a', 'a/good', 'a/grown', 'a/ours', 'a/theirs', 'dir', 'dir/old'];
  expect(await namesBelow(bed, `${HOME}/some`)).toEqual(left);
  expect((await bed.call('GET', `${HOME}/some/a/theirs`, 'op=OPEN')).toString()).toBe('theirs');
  expect((await bed.call('GET', `${HOME}/some/a/grown`, 'op=OPEN')).toString()).toBe('kept');
});

test('of many read at once, each that cannot be is told alone, and the others are right', async () => {
  const store = await open('read');
  for (const [name, bytes] of [
    ['a', 3],
    ['b/locked', 5],
    ['c', 70_000],
    ['d', 9],
  ] as const) {
    await bed.call('PUT', `${HOME}/read/${name}`, 'op=CREATE', pattern(bytes, bytes));
  }
  await bed.call('PUT', `${HOME}/read/b`, 'op=SETPERMISSION&permission=700');
  const folder = join(dir, 'read');
  await mkdir(folder);
  const to = (name: string) => join(folder, name);
  const results = await store.bulk!.get(
    [
      item('a', to('a'), 3),
      item('b/locked', to('locked'), 5),
      item('c', to('c'), 70_000),
      item('nothing', to('nothing'), 4),
      item('d', to('d'), 8),
    ],
    io,
  );
  expect(told(results)).toEqual([
    ['a', 'checksum'],
    ['b/locked', 'denied'],
    ['c', 'checksum'],
    ['nothing', 'not-found'],
    ['d', 'changed'],
  ]);
  expect(Object.keys(await treeOf(folder)).toSorted()).toEqual(['a', 'c']);
  const digest = createDigest('sha256');
  digest.update(pattern(70_000, 70_000));
  expect((await treeOf(folder))['c']).toBe(`70000 bytes ${digest.hex()}`);
});

test('a stop in the middle leaves nothing on either side', async () => {
  const store = await open('stopped');
  const files = await Promise.all(
    Array.from({ length: 4 }, async (_, i) => {
      const file = join(dir, `large-${i}`);
      await writeFile(file, pattern(30_000_000, i));
      return item(`large/${i}`, file, 30_000_000);
    }),
  );
  const stop = new AbortController();
  const seen: unknown[] = [];
  const stopping: Io = {
    signal: stop.signal,
    trace: (_event, { command }) => {
      seen.push(command);
      if (command === 'hdfs dfs -cp') setTimeout(() => stop.abort(), 1_500);
    },
  };
  await expect(store.bulk!.put(files, stopping)).rejects.toMatchObject({ kind: 'cancelled' });
  expect(seen).toContain('hdfs dfs -cp');
  expect(await namesBelow(bed, `${HOME}/stopped`)).toEqual([]);
});
