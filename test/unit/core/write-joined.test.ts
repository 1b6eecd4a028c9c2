import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeJoined } from '../../../src/core/write-joined.ts';
import { pattern } from '../../conformance/artifact-store/pattern.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlstow-joined-'));
});
afterAll(async () => rm(folder, { recursive: true }));

const HALF_MIB = 512 * 1024;

describe('chunks that are joined', () => {
  it.each([
    ['none', 0, 1],
    ['one', 1000, 1000],
    ['many small ones', 3 * HALF_MIB + 17, 1000],
    ['more than one call takes', HALF_MIB, 100],
    ['large ones', 5 * HALF_MIB, 2 * HALF_MIB],
  ])('%s: come one after another from an offset on', async (_what, bytes, chunkBytes) => {
    const file = join(folder, `file-${bytes}`);
    const handle = await open(file, 'w');
    const all = pattern(bytes);
    const joined = writeJoined(handle, 5);
    for (let from = 0; from < bytes; from += chunkBytes)
      await joined.add(all.subarray(from, from + chunkBytes));
    await joined.end();
    await handle.close();
    expect(joined.bytes).toBe(bytes);
    expect((await readFile(file)).subarray(5).equals(all)).toBe(true);
  });

  it('ask to wait only when a write is due', async () => {
    const handle = await open(join(folder, 'due'), 'w');
    const joined = writeJoined(handle, 0);
    expect(joined.add(pattern(HALF_MIB - 1))).toBeUndefined();
    const room = joined.add(pattern(1));
    expect(room).toBeInstanceOf(Promise);
    await room;
    await joined.end();
    await handle.close();
  });

  it('tell what a write failed with, and write nothing more', async () => {
    const file = join(folder, 'read-only');
    await (await open(file, 'w')).close();
    const handle = await open(file, 'r');
    const joined = writeJoined(handle, 0);
    await joined.add(pattern(HALF_MIB));
    await joined.settle();
    expect(joined.trouble).toMatchObject({ thrown: { code: 'EBADF' } });
    await joined.add(pattern(HALF_MIB));
    await expect(joined.end()).rejects.toMatchObject({ code: 'EBADF' });
    await handle.close();
  });
});
