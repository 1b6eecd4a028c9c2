import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readerAt } from '../../../../src/artifacts/reader.ts';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import { planFileDownload } from '../../../../src/transfer/plan/download-plan.ts';
import { nothingThere, runDownloads } from '../../../../src/transfer/run/download.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, pattern } from '../../../conformance/artifact-store/pattern.ts';
import { downloadAll, everythingIn, failureOf, fill, io, temporaryFolder, watch } from '../rig.ts';

/** A memory store that holds these files. */
function holding(files: Readonly<Record<string, string | Buffer>>): ArtifactStore {
  const content = new MemoryContent();
  for (const [path, bytes] of Object.entries(files)) content.set(path, Buffer.from(bytes));
  return createMemoryStore({}, { content });
}

const kinds = (report: { readonly lost: readonly { readonly path: string; readonly failure: Failure }[] }) =>
  report.lost.map(({ path, failure }) => [path, failure.kind]);

describe('downloading', () => {
  it('fetches everything, proves it, and tells of it', async () => {
    const big = pattern(300_000);
    const folder = await temporaryFolder();
    const observer = watch();
    const report = await downloadAll(
      holding({ 'a.bin': big, empty: '', 'd/e/f.txt': 'hello' }),
      join(folder, 'out/new'),
      io,
      observer,
    );
    expect(report).toMatchObject({ lost: [], bytes: 300_005 });
    expect(report.moved.map(({ proof }) => proof)).toEqual(['checksum', 'checksum', 'checksum']);
    expect(await readFile(join(folder, 'out/new/a.bin'))).toEqual(big);
    expect((await lstat(join(folder, 'out/new/empty'))).size).toBe(0);
    expect(await everythingIn(join(folder, 'out/new'))).toEqual(['a.bin', 'd', 'd/e', 'd/e/f.txt', 'empty']);
    expect(observer.seen).toMatchObject({ planned: [3, 300_005], bytes: 300_005, failed: [] });
  });

  it('keeps empty folders and tells links apart', async () => {
    const from = await temporaryFolder();
    await fill(from, { 'a/b.txt': 'x' });
    await mkdir(join(from, 'hollow/deep'), { recursive: true });
    await symlink('a/b.txt', join(from, 'link'));
    const to = await temporaryFolder();
    const report = await downloadAll(openLocalStore(from), to);
    expect(report.skipped).toEqual({ special: 1 });
    expect(report.moved.map(({ path, proof }) => [path, proof])).toEqual([['a/b.txt', 'size']]);
    expect(await everythingIn(to)).toEqual(['a', 'a/b.txt', 'hollow', 'hollow/deep']);
  });

  it('replaces what was there whole, a link itself and not what it leads to', async () => {
    const to = await temporaryFolder();
    const outside = join(await temporaryFolder(), 'precious');
    await writeFile(outside, 'precious');
    await writeFile(join(to, 'old'), 'a longer old content');
    await symlink(outside, join(to, 'link'));
    await downloadAll(holding({ old: 'new', link: 'content' }), to);
    expect(await readFile(join(to, 'old'), 'utf8')).toBe('new');
    expect(await readFile(join(to, 'link'), 'utf8')).toBe('content');
    expect(await readFile(outside, 'utf8')).toBe('precious');
  });

  it('takes names of 255 bytes', async () => {
    const to = await temporaryFolder();
    const names = ['x'.repeat(255), 'ü'.repeat(127)];
    const report = await downloadAll(holding(Object.fromEntries(names.map((name) => [name, 'y']))), to);
    expect(report.lost).toEqual([]);
    expect(await everythingIn(to)).toEqual(names.sort());
    const long = await downloadAll(holding({ ['z'.repeat(256)]: 'y', ok: 'y' }), to);
    expect(kinds(long)).toEqual([['z'.repeat(256), 'invalid']]);
  });

  it('fetches one file alone under its name', async () => {
    const store = holding({ 'd/model.pkl': 'bytes' });
    const reader = readerAt(store, at('d/model.pkl'));
    const root = await reader.root(io);
    const folder = join(await temporaryFolder(), 'new');
    const fetch = async (from: typeof reader, name: string) => {
      const observer = watch();
      const planned = planFileDownload(root!, { folder, name: at(name) });
      const options = { workers: 1, clock: systemClock, observer, pathOf: () => '' as const };
      const report = await runDownloads(from, planned, folder, options, io);
      return { ...report, moved: observer.seen.done };
    };
    const report = await fetch(reader, 'renamed.pkl');
    expect(report.moved).toMatchObject([{ local: join(folder, 'renamed.pkl'), bytes: 5 }]);
    const gone = readerAt(holding({}), at('d/model.pkl'));
    const failed = await fetch(gone, 'gone.pkl');
    expect(failed.lost.map(({ failure }) => failure.kind)).toEqual(['not-found']);
    expect(await everythingIn(folder)).toEqual(['renamed.pkl']);
    expect(nothingThere('s3://b', at('x')).kind).toBe('not-found');
    expect(nothingThere('s3://b', '').message).toBe('there is nothing at s3://b');
  });
});

describe('what is in the way', () => {
  it('loses a file that a folder blocks, and a folder that a file blocks, and nothing else', async () => {
    const to = await temporaryFolder();
    await fill(to, { 'taken/inside': 'x', file: 'x' });
    const report = await downloadAll(holding({ taken: 'y', 'file/below': 'y', fine: 'y' }), to);
    expect(kinds(report).sort()).toEqual([
      ['file/below', 'exists'],
      ['taken', 'exists'],
    ]);
    expect(report.moved.map(({ path }) => path)).toEqual(['fine']);
    expect(await everythingIn(to)).toEqual(['file', 'fine', 'taken', 'taken/inside']);
  });

  it('fetches what is below a name that is both a file and a folder, every time', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const to = await temporaryFolder();
      const report = await downloadAll(holding({ a: 'file', 'a/b': 'below', 'a/c/d': 'deep' }), to);
      expect(kinds(report)).toEqual([['a', 'exists']]);
      expect(await everythingIn(to)).toEqual(['a', 'a/b', 'a/c', 'a/c/d']);
    }
  });

  it('never writes through a link that leads out of the folder, nor through one that leads nowhere', async () => {
    const to = await temporaryFolder();
    const outside = await temporaryFolder();
    await mkdir(join(to, 'real'));
    await symlink(outside, join(to, 'out'));
    await symlink(join(outside, 'not-yet'), join(to, 'nowhere'));
    await symlink('round', join(to, 'round'));
    await symlink('real', join(to, 'in'));
    const files = { 'out/a': 'x', 'out/deep/a': 'x', 'nowhere/a': 'x', 'round/a': 'x', 'in/a': 'x' };
    const report = await downloadAll(holding(files), to);
    expect(kinds(report).sort()).toEqual([
      ['nowhere/a', 'refused'],
      ['out/a', 'refused'],
      ['out/deep/a', 'refused'],
      ['round/a', 'refused'],
    ]);
    expect(await everythingIn(outside)).toEqual([]);
    expect(await readFile(join(to, 'real/a'), 'utf8')).toBe('x');
    expect(await readlink(join(to, 'in'))).toBe('real');
  });

  it('loses an empty folder that cannot be made, and fetches the rest', async () => {
    const from = await temporaryFolder();
    await mkdir(join(from, 'hollow'));
    await fill(from, { 'a.txt': 'x' });
    const to = await temporaryFolder();
    await writeFile(join(to, 'hollow'), 'a file');
    const report = await downloadAll(openLocalStore(from), to);
    expect(kinds(report)).toEqual([['hollow', 'exists']]);
    expect(report.moved).toHaveLength(1);
  });

  it('fails when the target itself is a file', async () => {
    const to = join(await temporaryFolder(), 'file');
    await writeFile(to, '');
    expect((await failureOf(downloadAll(holding({ a: 'x' }), to))).kind).toBe('exists');
  });

  it('may go to a folder that is a link', async () => {
    const real = await temporaryFolder();
    const link = join(await temporaryFolder(), 'link');
    await symlink(real, link);
    expect((await downloadAll(holding({ 'a/b': 'x' }), link)).lost).toEqual([]);
    expect(await everythingIn(real)).toEqual(['a', 'a/b']);
  });
});
