import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { CONFIGURATIONS, type Configuration } from './configurations.ts';
import { exchange, type Exchange, type Seen } from './exchange.ts';
import { exchangeNames, keptIn, ODD_NAMES, refusedIn, type NameExchange } from './odd-names.ts';
import { heavyTrees, makeTrees } from './sample-trees.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

const isSoak = process.env['MLSTOW_SOAK'] !== undefined;
const MIB = 1024 * 1024;
/** The large one goes in several parts on every path that has any. */
const HEAVY_TREES = isSoak ? heavyTrees(1_000, 300 * MIB) : heavyTrees(60, 72 * MIB);

let source = '';
const trees: Record<string, Tree> = {};

beforeAll(async () => {
  source = await bedFolder('trees');
  await writeFile(join(source, 'single.txt'), 'x');
  await makeTrees(HEAVY_TREES, source);
  for (const { name } of HEAVY_TREES) trees[name] = filesOf(await treeOf(join(source, name)));
});

afterAll(async () => rm(source, { recursive: true }));

/** The files that one side saw of a tree, by their paths in it. */
function filesSeen(seen: Seen, name: string): Pick<Seen, 'listed' | 'downloaded'> {
  const below = <T>(all: Readonly<Record<string, T>>, folder: T): Readonly<Record<string, T>> =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([path, what]) => path.startsWith(`${name}/`) && what !== folder)
        .map(([path, what]) => [path.slice(name.length + 1), what]),
    );
  return { listed: below(seen.listed, -1), downloaded: below(seen.downloaded, 'folder') };
}

describe.each(CONFIGURATIONS)('with $name', ({ start, artifactsIn }) => {
  let at: Configuration;

  beforeAll(async () => {
    at = await start();
  });

  afterAll(async () => at.stop());

  describe('heavy trees', () => {
    const heavy = HEAVY_TREES.filter(({ networkedOnly }) => artifactsIn !== 'local' || !networkedOnly);
    let done: Exchange;

    beforeAll(async () => {
      const folders = Object.fromEntries(heavy.map(({ name }) => [name, join(source, name)]));
      done = await exchange(at, folders, join(source, 'single.txt'));
    });

    test.each(heavy)('$name: the stock client gets every byte that mlstow logged', ({ name }) => {
      const tree = trees[name] ?? {};
      expect(filesSeen(done.oursToThem, name)).toEqual({ listed: sizesOf(tree), downloaded: tree });
    });

    test.each(heavy)('$name: mlstow gets every byte that the stock client logged', ({ name }) => {
      const tree = trees[name] ?? {};
      expect(filesSeen(done.theirsToUs, name)).toEqual({ listed: sizesOf(tree), downloaded: tree });
    });

    test.each(heavy)(
      '$name: mlstow says how many files it logged and that none is unverified',
      ({ name }) => {
        const files = Object.keys(trees[name] ?? {}).length;
        expect(done.said[name]).toContain(files === 1 ? ': 1 file, ' : `: ${files} files, `);
        expect(done.said[name]).toMatch(new RegExp(`verified ${files} by (size|checksum)`));
      },
    );
  });

  describe('odd names', () => {
    const kept = keptIn(artifactsIn);
    const refused = refusedIn(artifactsIn);
    const warned = kept.filter(({ lostOn }) => lostOn);
    const lost = kept.filter(({ lostOn }) => lostOn?.includes(artifactsIn)).map(({ name }) => name);
    let names: NameExchange;

    beforeAll(async () => {
      names = await exchangeNames(at, artifactsIn);
    });

    test('mlstow lists and reads back every name that it logs', () => {
      const expected = Object.fromEntries(kept.map(({ name }) => [name, names.source[name]]));
      expect(filesOf(names.ourDownload)).toEqual(expected);
      const listed = Object.keys(names.ourListing).filter((path) => names.ourListing[path] !== -1);
      expect(listed.sort()).toEqual(kept.map(({ name }) => name).sort());
    });

    test('it refuses, before the first byte, what the server would store under another name', () => {
      expect(Object.keys(names.refused)).toEqual(refused.map(({ name }) => name));
      for (const [name, { code, stdout, stderr }] of Object.entries(names.refused)) {
        expect([name, code, stdout]).toEqual([name, 2, '']);
        expect(stderr).toContain(`cannot be stored as ${name} at `);
        expect(stderr).toContain('rename it; nothing has been logged');
      }
      // Each was logged beside a file of this name.
      expect(names.ourListing['fine.txt']).toBeUndefined();
    });

    test('it warns about exactly those that stock clients cannot address everywhere', () => {
      const lines = names.logged.stderr.split('\n').filter((line) => line.includes('will not find'));
      const told = lines.map((line) => JSON.parse(/find (".*") again/.exec(line)?.[1] ?? 'null') as unknown);
      expect(told.sort()).toEqual(warned.map(({ name }) => name).sort());
    });

    test('the stock client loses no name without a warning', () => {
      expect(names.theirListing.error).toBeUndefined();
      const unread = kept.filter(
        ({ name }) =>
          names.theirReads[name]?.value !== names.texts[name] ||
          names.theirListing.value?.[name] !== Buffer.byteLength(names.texts[name] ?? ''),
      );
      expect(unread.map(({ name }) => name)).toEqual(lost);
    });

    test('mlstow reads all that the stock client logs, under the name that the server gave it', () => {
      for (const { name, stockProxyName } of ODD_NAMES) {
        const stored = (artifactsIn === 'proxy' ? stockProxyName : undefined) ?? name;
        expect(names.theirLogs[name]).toEqual({ value: null });
        expect([name, names.theirsDownloaded[stored]]).toEqual([name, names.source[name]]);
      }
      const listed = Object.entries(names.theirsListed).filter(([, size]) => size !== -1);
      expect(Object.fromEntries(listed)).toEqual(sizesOf(filesOf(names.theirsDownloaded)));
    });

    test('mlstow lists all that the stock client lists of it', () => {
      const ours = Object.keys(sizesOf(filesOf(names.theirsDownloaded)));
      const theirs = Object.entries(names.theirRun.value ?? {}).filter(([, size]) => size !== -1);
      const rewritten = artifactsIn === 'proxy' ? [' leading blank', 'Train:log.txt'] : [];
      const shown = [...new Set(ours.map((name) => (rewritten.includes(name) ? stockSpelling(name) : name)))];
      expect(theirs.map(([name]) => name).sort()).toEqual(shown.sort());
    });
  });
});

/** What the stock client of a proxying server makes of a listed name. */
function stockSpelling(name: string): string {
  return name.trimStart().replace('Train:', 'train:');
}
