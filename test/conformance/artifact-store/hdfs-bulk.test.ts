import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGate } from '../../../src/artifacts/layers/gate.ts';
import { guard } from '../../../src/artifacts/layers/guard.ts';
import { layered } from '../../../src/artifacts/layers/layered.ts';
import { limit } from '../../../src/artifacts/layers/limit.ts';
import { readerAt } from '../../../src/artifacts/reader.ts';
import type { ArtifactStore, BulkItem, BulkResult } from '../../../src/artifacts/store.ts';
import { createDigest } from '../../../src/core/hash.ts';
import type { Io } from '../../../src/core/io.ts';
import { downloadInBulk, uploadInBulk } from '../../../src/transfer/bulk.ts';
import { openContainedFolders } from '../../../src/transfer/contained-folders.ts';
import { planDownload } from '../../../src/transfer/download.ts';
import { planUploads } from '../../../src/transfer/plan-uploads.ts';
import { createRecord } from '../../../src/transfer/record.ts';
import { filesOf, treeOf } from '../../interop/tree-of.ts';
import { bedFolder } from '../../testbeds/bed.ts';
import { commandsOf, hadoopHome } from '../../testbeds/hdfs/command.ts';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../../testbeds/hdfs-store.ts';
import { at, pattern } from './pattern.ts';

const io: Io = { signal: new AbortController().signal };
const HOME = '/bulk';
const silent = { planned: () => {}, progress: () => {}, done: () => {}, failed: () => {} };

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

async function log(store: ArtifactStore, folder: string) {
  const { uploads } = await planUploads([{ kind: 'path', path: folder, contentsOnly: true }], '');
  const record = createRecord(silent, io);
  expect(await uploadInBulk(store, uploads, record)).toEqual([]);
  return record.report();
}

test('a tree of 20 files is logged, listed, downloaded and removed by a few commands', async () => {
  const store = await open('few');
  const logged = await log(store, tree);
  expect(logged.lost).toEqual([]);
  expect(Object.fromEntries(logged.moved.map(({ path, proof }) => [path, proof]))).toEqual({
    ...Object.fromEntries(Object.keys(FILES).map((name) => [name, 'checksum'])),
    empty: 'size',
  });
  expect((await verbs()).toSorted()).toEqual(['checksum', 'cp', 'ls', 'mkdir', 'mv', 'rm']);

  const reader = readerAt(store, '');
  const { files } = await planDownload(reader, io);
  expect(await verbs()).toEqual(['ls']);
  expect(files.map(({ name }) => name).toSorted()).toEqual(Object.keys(FILES).toSorted());

  const folder = join(dir, 'down');
  const record = createRecord(silent, io);
  const folders = await openContainedFolders(folder);
  expect(await downloadInBulk(reader, files, { folder, folders }, record)).toEqual([]);
  expect(record.report().lost).toEqual([]);
  expect(await verbs()).toEqual(['cat', 'checksum']);
  expect(filesOf(await treeOf(folder))).toEqual(filesOf(await treeOf(tree)));
  expect((await readdir(folder)).filter((name) => name.startsWith('.mlstow'))).toEqual([]);

  const entries = files.map(({ entry: { path } }) => ({ path, kind: 'file' }) as const);
  const directories = ['deep/0', 'deep/1', 'deep', 'größe ü'];
  const batch = [...entries, ...directories.map((path) => ({ path: at(path), kind: 'directory' }) as const)];
  expect(await store.remove(batch, io)).toEqual([]);
  expect(await verbs()).toEqual(['rm', 'rmdir']);
  expect(await namesBelow(bed, `${HOME}/few`)).toEqual([]);
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
  const reader = readerAt(store, '');
  const { files } = await planDownload(reader, io);
  const record = createRecord(silent, io);
  await downloadInBulk(reader, files, { folder, folders: await openContainedFolders(folder) }, record);
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
  ]);
  expect(await namesBelow(bed, `${HOME}/some`)).toEqual(['a', 'a/good', 'a/grown', 'dir', 'dir/old']);
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
