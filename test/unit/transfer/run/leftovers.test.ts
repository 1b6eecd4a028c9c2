import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore, WriteOptions } from '../../../../src/artifacts/store.ts';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { noJournal, type Journal } from '../../../../src/transfer/run/journal/journal.ts';
import { openJournal } from '../../../../src/transfer/run/journal/open-journal.ts';
import { uploadedBefore } from '../../../../src/transfer/run/intents.ts';
import { decideUploads } from '../../../../src/transfer/plan/decide-uploads.ts';
import { everythingIn, fill, folderOf, io, planOf, sendAll, temporaryFolder } from '../rig.ts';

const OWNER = '0123456789abcdef';
const OURS = `.artifact.uploading.mlstow-${OWNER}-0000000000000000`;
const ANOTHERS = `.artifact.uploading.mlstow-fedcba9876543210-0000000000000000`;
const NOBODYS = '.artifact.uploading.mlstow-0000000000000000';

describe('what writes of a killed try left', () => {
  it.each([
    ['is removed by the next, and nothing of others', true, [ANOTHERS, NOBODYS]],
    ['stays where no try went before', false, [OURS, ANOTHERS, NOBODYS]],
  ])('%s', async (_name, resumed, kept) => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    await fill(from, { 'd/file': 'x' });
    await fill(to, { [`d/${OURS}`]: '1', [`d/${ANOTHERS}`]: '2', [`d/${NOBODYS}`]: '3' });
    const journal: Journal = { ...noJournal(), id: OWNER, resumed };
    await sendAll(openLocalStore(to), await planOf([folderOf(from, true)]), io, { journal });
    expect(await everythingIn(to)).toEqual(['d', 'd/file', ...kept.map((name) => `d/${name}`)].toSorted());
  });

  it('tells by its name whose it is, once the notes are on disk', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    await fill(from, { file: 'x' });
    const local = openLocalStore(to);
    const seen: (WriteOptions & { readonly isReady: boolean })[] = [];
    let isReady = false;
    const store: ArtifactStore = {
      ...local,
      write: async (path, source, options, asked) => {
        seen.push({ ...options, isReady });
        return local.write(path, source, options, asked);
      },
    };
    const journal: Journal = {
      ...noJournal(),
      id: OWNER,
      ready: async () => {
        isReady = true;
      },
    };
    await sendAll(store, await planOf([folderOf(from, true)]), io, { journal });
    expect(seen).toEqual([{ owner: OWNER, isReady: true }]);
  });
});

describe('where nothing may be there', () => {
  const transfer = { direction: 'upload', backend: 'local', target: 'x', sources: ['/a'] } as const;
  const opened = async (folder: string): Promise<Journal> =>
    openJournal(transfer, { folder, now: Date.now(), tell: () => undefined }, io);

  /** The notes of a process that was ended; its id is that of no process. */
  async function kill(folder: string, journal: Journal): Promise<void> {
    await journal.close(false);
    const [name = ''] = await readdir(folder);
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll(`"pid":${process.pid}`, '"pid":4194305'));
  }

  const send = async (from: string, store: ArtifactStore, journal: Journal) => {
    const roots = await planOf([folderOf(from, true)]);
    const isOurs = uploadedBefore(journal);
    const planned = await decideUploads(roots, store, { ifExists: 'fail', look: false, isOurs }, io);
    return sendAll(store, [{ ...roots[0]!, items: () => planned }], io, { journal });
  };

  it('what this transfer was about to store is its own, and what another stored is not', async () => {
    const [from, to, state] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    await fill(from, { mine: 'mine', theirs: 'theirs' });
    const local = openLocalStore(to);
    const first = await opened(state);
    // Another writer is first with one file, between the look and the write.
    const raced: ArtifactStore = {
      ...local,
      write: async (path, source, options, asked) => {
        if (path === 'theirs') await writeFile(join(to, path), 'THEIRS');
        return local.write(path, source, options, asked);
      },
    };
    const report = await send(from, raced, first);
    expect(report).toMatchObject({ files: 1, failed: 1, lost: [{ failure: { kind: 'exists' } }] });
    await kill(state, first);
    const second = await opened(state);
    await expect(send(from, local, second)).rejects.toMatchObject({
      kind: 'exists',
      message: expect.stringContaining('theirs is at') as string,
    });
    await kill(state, second);
    await fill(to, { theirs: 'longer than before' });
    await expect(send(from, local, await opened(state))).rejects.toMatchObject({ kind: 'exists' });
    expect(await readFile(join(to, 'theirs'), 'utf8')).toBe('longer than before');
  });

  it('a file that was stored and not noted any more is stored again', async () => {
    const [from, to, state] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    await fill(from, { a: 'a', b: 'b' });
    const store = openLocalStore(to);
    const first = await opened(state);
    await send(from, store, { ...first, done: () => undefined });
    await kill(state, first);
    const second = await opened(state);
    expect(await send(from, store, second)).toMatchObject({ files: 2, failed: 0 });
    await second.close(true);
    expect(await readdir(state)).toEqual([]);
    const third = await opened(state);
    await expect(send(from, store, third)).rejects.toMatchObject({ kind: 'exists' });
  });
});
