import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import type { Io } from '../../../src/core/io.ts';
import { bedFolder } from '../../testbeds/bed.ts';
import { hadoopHome } from '../../testbeds/hdfs/command.ts';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { CONFORMANCE_HOME, hdfsConformanceBed } from '../../testbeds/hdfs-conformance-bed.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../../testbeds/hdfs-store.ts';
import { proves } from '../proves.ts';
import { CLI_TRAITS } from '../../../src/artifacts/stores/hdfs/cli/store.ts';
import { expectFailure } from './expect-failure.ts';
import { at, bytesOf, inParallel, pattern, patternSource } from './pattern.ts';
import { artifactStoreConformance } from './suite.ts';

const io: Io = { signal: new AbortController().signal };
let bed: HdfsBed;
let dir: string;
let home: string;

beforeAll(async () => {
  [bed, dir] = await Promise.all([startHdfs(), bedFolder('hdfs-cli')]);
  home = await hadoopHome(bed, dir);
  await makeHome(bed, CONFORMANCE_HOME);
});
afterAll(async () => {
  await bed.stop();
  await rm(dir, { recursive: true, force: true });
});

const open = async (root: string): Promise<ArtifactStore> =>
  hdfsStoreAt(bed, `${CONFORMANCE_HOME}/${root}`, { driver: 'cli', home });

async function shown(store: ArtifactStore, recursive: boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('', { recursive }, io)) {
    found.push(...page.map(({ path, kind, size }) => `${kind} ${path} ${size ?? ''}`.trim()));
  }
  return found;
}

// Every operation is a JVM of 2 to 4 seconds, so each verb is asked once here; the whole suite runs in the soak.
describe('the hdfs command', () => {
  test('writes, lists, reads, replaces and removes', async (context) => {
    const store = await open('one');
    expect(store.traits).toEqual(CLI_TRAITS);
    await store.write(at('dir a/größe.bin'), patternSource(300_000), {}, io);
    await store.write(at('dir a/größe.bin'), patternSource(200_000, { seed: 2 }), {}, io);
    await store.makeDirectory!(at('empty/deep'), io);
    expect(await shown(store, true)).toEqual([
      'directory dir a',
      'file dir a/größe.bin 200000',
      'directory empty',
      'directory empty/deep',
    ]);
    expect(await store.stat(at('dir a/größe.bin'), io)).toMatchObject({ kind: 'file', size: 200_000 });
    const body = await store.read(at('dir a/größe.bin'), {}, io);
    expect((await bytesOf(body)).equals(pattern(200_000, 2))).toBe(true);
    const undone = await store.remove(
      [
        { path: at('dir a'), kind: 'file' },
        { path: at('dir a/größe.bin'), kind: 'directory' },
        { path: at('empty'), kind: 'directory' },
        { path: at('empty/deep'), kind: 'directory' },
        { path: at('nothing'), kind: 'file' },
      ],
      io,
    );
    expect(undone.map(({ removal, failure }) => [removal.path, failure.kind])).toEqual([
      ['dir a', 'wrong-kind'],
      ['dir a/größe.bin', 'wrong-kind'],
      ['empty', 'conflict'],
    ]);
    expect(await namesBelow(bed, `${CONFORMANCE_HOME}/one`)).toEqual(['dir a', 'dir a/größe.bin', 'empty']);
    const operations = ['write', 'list', 'stat', 'read', 'delete'] as const;
    await proves(context, { bed: 'the hdfs command', scheme: 'hdfs', operations });
  });

  test('a source that breaks publishes nothing and leaves nothing', async () => {
    const store = await open('two');
    await expectFailure(
      store.write(at('file'), patternSource(300_000, { announced: 300_001 }), {}, io),
      'changed',
    );
    expect(await namesBelow(bed, `${CONFORMANCE_HOME}/two`)).toEqual([]);
  });

  test('what is absent, what is denied and what cannot be asked are told apart', async () => {
    const store = await open('three');
    expect(await store.stat(at('nothing'), io)).toBeUndefined();
    await expectFailure(store.read(at('nothing'), {}, io), 'not-found');
    await expectFailure(store.read(at('nothing'), { start: 1 }, io), 'unsupported');
    const ofBob = await hdfsStoreAt(bed, '/of-nobody', { driver: 'cli', home });
    await expectFailure(ofBob.write(at('file'), patternSource(1), {}, io), 'denied');
    const nowhere = await hdfsStoreAt(bed, '/x', { driver: 'cli', home: '/no/such/hadoop' });
    const failure = await expectFailure(nowhere.stat(at('file'), io), 'misconfigured');
    expect(failure.facts.hint).toContain('HADOOP_HOME');
    expect(store.accepts(at('a*b'))).toBeUndefined();
    expect(store.accepts(at('a\\b'))).toContain('backslash');
  });
});

if (process.env['MLSTOW_SOAK'] !== undefined) {
  const whole = hdfsConformanceBed(
    'the hdfs command',
    () => bed,
    () => ({ driver: 'cli', home }),
    'gap',
  );
  // Thousands of JVMs would take a day: what is only to be listed or removed is made by WebHDFS.
  const fill = async (root: string, names: readonly string[]) => {
    const quick = await hdfsStoreAt(bed, `${CONFORMANCE_HOME}/${root}`);
    const tasks = names.map((name) => async () => quick.write(at(name), patternSource(0), {}, io));
    await inParallel(quick.traits.connections, tasks);
  };
  artifactStoreConformance({ ...whole, traits: CLI_TRAITS, versions: 'none', fill, patienceMs: 900_000 });
}
