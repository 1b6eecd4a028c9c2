import { appendFile, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../../src/transfer/run/journal/journal.ts';
import { temporaryFolder } from '../rig.ts';
import { opened, transfer } from './open-test-journal.ts';

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
