import { appendFile, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { noJournal, type Journal } from '../../../../src/transfer/run/journal/journal.ts';
import { openJournal } from '../../../../src/transfer/run/journal/open-journal.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, pattern } from '../../../conformance/artifact-store/pattern.ts';
import {
  downloadAll,
  everythingIn,
  fill,
  folderOf,
  io,
  planOf,
  sendAll,
  temporaryFolder,
  watch,
} from '../rig.ts';

const transfer = { direction: 'upload', backend: 'memory', target: 'memory:', sources: ['/a'] } as const;

interface Opened {
  readonly journal: Journal;
  readonly told: readonly string[];
}

async function opened(
  folder: string,
  now = Date.now(),
  of: Parameters<typeof openJournal>[0] = transfer,
): Promise<Opened> {
  const told: string[] = [];
  const journal = await openJournal(of, { folder, now, tell: (message) => told.push(message) }, io);
  return { journal, told };
}

/** The one journal of a folder. */
async function fileIn(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder);
  return join(folder, name);
}

const identity = { size: 5, mtimeMs: 1.5, ino: 7 };
const receipt = {
  number: 1,
  offset: 0,
  size: 4,
  tag: 'x',
  checksum: { algorithm: 'crc32', value: '00', scope: 'whole' },
} as const;

/** A process that was ended before it could close its journal; its id is that of no process. */
async function interrupted(folder: string, write: (journal: Journal) => Promise<void> | void): Promise<void> {
  const { journal } = await opened(folder);
  await write(journal);
  await journal.close(false);
  const file = await fileIn(folder);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replaceAll(`"pid":${process.pid}`, '"pid":4194305'));
}

describe('a journal', () => {
  it('makes no file for a short transfer, and leaves none when everything arrived', async () => {
    const folder = await temporaryFolder();
    const { journal } = await opened(folder);
    journal.done({ path: 'a', ...identity });
    await journal.close(true);
    expect(await readdir(folder)).toEqual([]);
    const { journal: longer } = await opened(folder);
    await longer.begin({ path: 'big', partBytes: 4, at: 1, identity });
    expect(await readdir(folder)).toHaveLength(1);
    await longer.close(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells the next try what was done, begun, sent and given up', async () => {
    const folder = await temporaryFolder();
    await interrupted(folder, async (journal) => {
      journal.done({ path: 'a', ...identity, version: 'v1' });
      await journal.begin({ path: 'big', partBytes: 4, at: 1, identity });
      await journal.token('big', 'token');
      journal.part('big', receipt);
      await journal.begin({ path: 'blind', partBytes: 4, at: 2 });
      await journal.begin({ path: 'gone', partBytes: 4, at: 2 });
      journal.gone('gone');
      await journal.begin({ path: 'whole', partBytes: 4, at: 2 });
      journal.done({ path: 'whole', ...identity });
      await journal.fetch({ path: 'far', version: 'v', size: 9, rangeBytes: 4 });
      journal.range('far', 2, 99);
    });
    expect((await stat(await fileIn(folder))).mode & 0o777).toBe(0o600);
    const { journal, told } = await opened(folder);
    expect(told).toEqual([]);
    expect([journal.resumed, journal.doneBefore]).toEqual([true, 2]);
    expect(journal.wasDone('a', identity)).toHaveLength(16);
    expect(journal.wasDone('a', { ...identity, mtimeMs: 2 })).toBeUndefined();
    expect(journal.wasDone('b', identity)).toBeUndefined();
    expect(journal.takeUpload('big')).toMatchObject({ token: 'token', identity, receipts: [receipt] });
    expect(journal.takeUpload('big')).toBeUndefined();
    expect([...journal.leftUploads()].map(({ path, token }) => [path, token])).toEqual([
      ['blind', undefined],
    ]);
    const far = journal.takeDownload('far');
    expect([far?.size, [...(far?.ranges ?? [])]]).toEqual([9, [[2, 99]]]);
    await journal.close(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is read although its last line is torn, and is written on after that', async () => {
    const folder = await temporaryFolder();
    await interrupted(folder, (journal) => journal.done({ path: 'a', ...identity }));
    await appendFile(await fileIn(folder), '{"kind":"done","path":"b","si');
    const { journal } = await opened(folder);
    expect(journal.doneBefore).toBe(1);
    journal.done({ path: 'c', ...identity });
    await journal.close(false);
    expect((await opened(folder)).journal.doneBefore).toBe(2);
  });

  it('keeps the id of its partial files from try to try, and has another one for another transfer', async () => {
    const folder = await temporaryFolder();
    await interrupted(folder, async (journal) => journal.ready());
    const [{ journal: first }, { journal: other }] = [
      await opened(folder),
      await opened(folder, Date.now(), { ...transfer, target: 'elsewhere' }),
    ];
    expect(JSON.parse((await readFile(await fileIn(folder), 'utf8')).split('\n')[0] ?? '')).toMatchObject({
      id: first.id,
    });
    expect(other.id).not.toBe(first.id);
    expect([first.resumed, other.resumed]).toEqual([true, false]);
  });

  it.each<[string, (line: string) => string, RegExp, boolean]>([
    ['of a process that runs', (line) => line.replace(/"pid":\d+/, '"pid":1'), /process 1 on /, true],
    [
      'of another host, lately written',
      (line) => line.replace(hostname(), 'elsewhere'),
      /on elsewhere/,
      true,
    ],
    ['of another layout', (line) => line.replace('"schema":1', '"schema":99'), /another version/, false],
    ['that is no journal', () => 'hello\n', /another version/, false],
  ])('%s is not used, which is told', async (_what, change, says, stays) => {
    const folder = await temporaryFolder();
    await interrupted(folder, (journal) => journal.done({ path: 'a', ...identity }));
    const file = await fileIn(folder);
    await writeFile(file, change(await readFile(file, 'utf8')));
    const { journal, told } = await opened(folder);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(says);
    expect([journal.resumed, journal.doneBefore]).toEqual([false, 0]);
    await journal.begin({ path: 'x', partBytes: 1, at: 1 });
    await journal.close(true);
    expect((await readdir(folder)).length).toBe(stays ? 1 : 0);
  });

  it('of another host that has been silent is used', async () => {
    const folder = await temporaryFolder();
    await interrupted(folder, (journal) => journal.done({ path: 'a', ...identity }));
    const file = await fileIn(folder);
    await writeFile(file, (await readFile(file, 'utf8')).replace(hostname(), 'elsewhere'));
    expect((await opened(folder, Date.now() + 3_600_000)).journal.doneBefore).toBe(1);
  });

  it('of a transfer that nobody tries again goes after a while', async () => {
    const folder = await temporaryFolder();
    await interrupted(folder, async (journal) => journal.ready());
    const month = new Date(Date.now() - 31 * 24 * 3_600_000);
    const old = await fileIn(folder);
    await utimes(old, month, month);
    const { journal } = await opened(folder, Date.now(), { ...transfer, target: 'elsewhere' });
    await journal.ready();
    expect((await readdir(folder)).map((name) => join(folder, name))).not.toContain(old);
    expect(await readdir(folder)).toHaveLength(1);
    await journal.close(true);
  });

  it('that cannot be written is done without', async () => {
    const folder = join(await temporaryFolder(), 'file');
    await writeFile(folder, '');
    const { journal } = await opened(folder);
    await journal.begin({ path: 'x', partBytes: 1, at: 1 });
    journal.done({ path: 'a', ...identity });
    await journal.close(true);
    expect(await readFile(folder, 'utf8')).toBe('');
  });
});

describe('a transfer that goes on', () => {
  const MIB = 1024 ** 2;

  /** A journal that is kept in memory: what one try writes, the next reads. */
  function remembering(journal: Journal, more: Partial<Journal>): Journal {
    return { ...journal, resumed: true, ...more };
  }

  it('stores again what the store has no more, or has another of', async () => {
    const from = await temporaryFolder();
    await fill(from, { kept: 'abc', gone: 'abc', other: 'abc', touched: 'abc' });
    const content = new MemoryContent();
    const store = createMemoryStore({}, { content });
    const folder = await temporaryFolder();
    const { journal } = await opened(folder);
    await sendAll(store, await planOf([folderOf(from, true)]), io, { journal });
    await journal.close(false);
    content.objects.delete('gone');
    content.set('other', Buffer.from('xyz'));
    await writeFile(join(from, 'touched'), 'abcd');
    const { journal: next } = await opened(folder);
    const observer = watch();
    const report = await sendAll(store, await planOf([folderOf(from, true)]), io, {
      journal: next,
      observer,
    });
    expect(report.skipped).toEqual({ 'done-before': 1 });
    expect(observer.seen.skipped.map(({ path }) => path)).toEqual(['kept']);
    expect(report.moved.map(({ path }) => path).sort()).toEqual(['gone', 'other', 'touched']);
    await next.close(true);
  });

  it('fetches again what is no more as it was placed, or is another one at the store', async () => {
    const content = new MemoryContent();
    for (const name of ['kept', 'gone', 'edited', 'newer']) content.set(name, Buffer.from('abc'));
    const store = createMemoryStore({}, { content });
    const to = await temporaryFolder();
    const folder = await temporaryFolder();
    const down = { ...transfer, direction: 'download' } as const;
    const { journal } = await opened(folder, Date.now(), down);
    await downloadAll(store, to, io, watch(), { journal });
    await journal.close(false);
    await rm(join(to, 'gone'));
    await writeFile(join(to, 'edited'), 'xyz');
    content.set('newer', Buffer.from('def'));
    const { journal: next } = await opened(folder, Date.now(), down);
    const report = await downloadAll(store, to, io, watch(), { journal: next });
    expect(report.skipped).toEqual({ 'done-before': 1 });
    expect(report.moved.map(({ path }) => path).sort()).toEqual(['edited', 'gone', 'newer']);
    expect(await readFile(join(to, 'newer'), 'utf8')).toBe('def');
    await next.close(true);
  });

  it('fetches only the ranges that are missing, or that are not on disk as they were written', async () => {
    const big = pattern(5 * MIB);
    const content = new MemoryContent();
    const { version } = content.set('big', big);
    const to = await temporaryFolder();
    const id = '0123456789abcdef';
    const broken = Buffer.from(big);
    broken.fill(0, 2 * MIB, 3 * MIB);
    await writeFile(join(to, `.big.${id}.partial`), broken.subarray(0, 4 * MIB));
    const crcOf = (n: number) => crc32(big.subarray((n - 1) * MIB, n * MIB));
    const ranges = new Map([1, 3, 4].map((n) => [n, crcOf(n)]));
    const asked: (number | undefined)[] = [];
    const store = createMemoryStore({}, { content });
    const watched: ArtifactStore = {
      ...store,
      read: async (path, ask, using) => {
        asked.push(ask.start);
        return store.read(path, ask, using);
      },
    };
    const journal = remembering(noJournal(), {
      id,
      takeDownload: () => ({ path: 'big', version, size: big.length, rangeBytes: MIB, ranges }),
    });
    await writeFile(join(to, `.other.${id}.partial`), 'left');
    await writeFile(join(to, `.other.fedcba9876543210.partial`), 'of another');
    const rule = { fromBytes: 1, rangeBytes: MIB };
    const report = await downloadAll(watched, to, io, watch(), { journal, ranges: rule });
    expect(report.moved).toMatchObject([{ bytes: big.length, proof: 'checksum' }]);
    expect(asked.sort()).toEqual([MIB, 2 * MIB, 4 * MIB]);
    expect((await readFile(join(to, 'big'))).equals(big)).toBe(true);
    expect(await everythingIn(to)).toEqual(['.other.fedcba9876543210.partial', 'big']);
  });

  it('gives up what was begun and nothing goes on with', async () => {
    const from = await temporaryFolder();
    await fill(from, { small: 'x' });
    const store = createMemoryStore({}, { multipart: 'any' });
    const aborted: string[] = [];
    const discarded: string[] = [];
    const watched: ArtifactStore = {
      ...store,
      multipart: {
        ...store.multipart!,
        attach: (path, token) => ({
          token,
          tokenIsSecret: false,
          put: async () => Promise.reject(new Error('not asked')),
          commit: async () => Promise.reject(new Error('not asked')),
          abort: async () => void aborted.push(`${path} ${token}`),
        }),
      },
      incomplete: {
        list: async function* (under) {
          const path = at(under);
          yield [
            { path, token: 'ours', started: new Date(1_000_000) },
            { path, token: 'another', started: new Date(9_000_000) },
          ];
        },
        discard: async ({ token }) => void discarded.push(token),
      },
    };
    const gone: string[] = [];
    const left = [
      { path: 'removed', partBytes: 1, at: 1, token: 't', receipts: [] },
      { path: 'blind', partBytes: 1, at: 1_000_500, receipts: [] },
    ];
    const journal = remembering(noJournal(), { leftUploads: () => left, gone: (path) => gone.push(path) });
    await sendAll(watched, await planOf([folderOf(from, true)]), io, { journal });
    expect([aborted, discarded, gone]).toEqual([['removed t'], ['ours'], ['removed', 'blind']]);
  });
});
