import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { noJournal, type Journal } from '../../../../src/transfer/run/journal/journal.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { at, digestOf, pattern } from '../../../conformance/artifact-store/pattern.ts';
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
import { opened, transfer } from './open-test-journal.ts';

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

  it.each(['crc32', 'crc32c', 'sha1'] as const)(
    'proves ranges that are all on disk by the %s that the store tells only of the file itself',
    async (algorithm) => {
      const big = pattern(2 * MIB);
      for (const [on, files] of [
        [big, 1],
        [pattern(2 * MIB, 4), 0],
      ] as const) {
        const content = new MemoryContent();
        const { version } = content.set('big', big);
        const to = await temporaryFolder();
        const id = '0123456789abcdef';
        await writeFile(join(to, `.big.${id}.partial`), on);
        const crcs = [1, 2].map((n) => [n, crc32(on.subarray((n - 1) * MIB, n * MIB))] as const);
        const store = createMemoryStore({}, { content });
        const silent: ArtifactStore = {
          ...store,
          list: async function* (...all) {
            for await (const page of store.list(...all))
              yield page.map((entry) => ({ ...entry, checksums: [] }));
          },
          stat: async (...all) => {
            const entry = await store.stat(...all);
            return entry && { ...entry, checksums: [digestOf(big, algorithm)] };
          },
          read: async () => Promise.reject(new Failure({ kind: 'denied', message: 'no', subject: 'big' })),
        };
        const ranges = new Map(crcs);
        const journal = remembering(noJournal(), {
          id,
          takeDownload: () => ({ path: 'big', version, size: big.length, rangeBytes: MIB, ranges }),
        });
        const rule = { fromBytes: 1, rangeBytes: MIB };
        const report = await downloadAll(silent, to, io, watch(), { journal, ranges: rule });
        expect(report).toMatchObject({ files, verified: { checksum: files, size: 0 } });
        expect(report.lost.map(({ failure }) => failure.kind)).toEqual(files === 1 ? [] : ['corrupt']);
        expect(await everythingIn(to)).toEqual(files === 1 ? ['big'] : []);
      }
    },
  );

  it('takes an upload for done that was finished just before the kill, and sends it again where it was not', async () => {
    const from = await temporaryFolder();
    const bytes = pattern(2 * MIB);
    await fill(from, { big: bytes });
    const { size, mtimeMs, ino } = await stat(join(from, 'big'));
    const receipts = [2, 1].map((number) => ({
      number,
      offset: (number - 1) * MIB,
      size: MIB,
      tag: `t${number}`,
    }));
    for (const isFinished of [true, false]) {
      const content = new MemoryContent();
      const store = createMemoryStore({}, { content, multipart: 'any' });
      if (isFinished) content.set('big', bytes);
      let sent = 0;
      const gone = async (): Promise<never> =>
        Promise.reject(new Failure({ kind: 'not-found', message: 'no such upload', subject: 'big' }));
      const multipart = store.multipart!;
      const ended: ArtifactStore = {
        ...store,
        multipart: {
          ...multipart,
          begin: async (...all) => {
            sent += 1;
            return multipart.begin(...all);
          },
          attach: (path, token) => ({
            ...{ token, tokenIsSecret: false, put: gone, abort: async () => undefined },
            commit: async (parts, expected) => {
              expect([parts.map(({ number }) => number), expected.size]).toEqual([[1, 2], 2 * MIB]);
              const entry = await store.stat(path, io);
              return entry ? { entry, proof: 'checksum' } : gone();
            },
            confirmed: async function* () {
              yield await gone();
            },
          }),
        },
      };
      const earlier = {
        path: 'big',
        identity: { size, mtimeMs, ino },
        partBytes: MIB,
        at: 1,
        token: 't',
        receipts,
      };
      const journal = remembering(noJournal(), { takeUpload: () => earlier });
      const parts = { fromBytes: 1, partBytes: MIB };
      const report = await sendAll(ended, await planOf([folderOf(from, true)]), io, { journal, parts });
      expect(report).toMatchObject({ files: 1, bytes: 2 * MIB, failed: 0 });
      expect(sent).toBe(isFinished ? 0 : 1);
      expect(content.objects.get('big')?.bytes.equals(bytes)).toBe(true);
    }
  });

  it('has every part of an upload in its notes before that is finished', async () => {
    const from = await temporaryFolder();
    await fill(from, { big: pattern(3 * MIB) });
    const notes = await temporaryFolder();
    const { journal } = await opened(notes);
    const store = createMemoryStore({}, { multipart: 'any' });
    const multipart = store.multipart!;
    let noted: string[] = [];
    const watched: ArtifactStore = {
      ...store,
      multipart: {
        ...multipart,
        begin: async (...all) => {
          const session = await multipart.begin(...all);
          return {
            ...session,
            commit: async (...asked) => {
              const [file = ''] = await readdir(notes);
              noted = (await readFile(join(notes, file), 'utf8')).match(/"kind":"part"/g) ?? [];
              return session.commit(...asked);
            },
          };
        },
      },
    };
    const parts = { fromBytes: 1, partBytes: MIB };
    await sendAll(watched, await planOf([folderOf(from, true)]), io, { journal, parts });
    await journal.close(true);
    expect(noted).toHaveLength(3);
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
