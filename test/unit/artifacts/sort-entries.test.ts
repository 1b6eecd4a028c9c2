import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/artifacts/store.ts';
import { sortEntries } from '../../../src/artifacts/sort-entries.ts';
import { at } from '../../conformance/artifact-store/pattern.ts';
import { failureOf, temporaryFolder } from '../transfer/rig.ts';

/** Pages of entries in an order that is none. */
async function* scattered(
  count: number,
  page: number,
  breakAt = Number.POSITIVE_INFINITY,
): AsyncGenerator<Entry[]> {
  let entries: Entry[] = [];
  for (let i = 0; i < count; i += 1) {
    const nth = (i * 7919) % count;
    if (i >= breakAt) throw new Error('the listing broke off');
    entries.push({
      path: at(`d${nth % 3}/${String(nth).padStart(6, '0')}`),
      kind: 'file',
      size: nth,
      modified: new Date(nth),
      version: { id: `v${nth}`, strong: true },
      checksums: [{ algorithm: 'md5', value: 'ab', scope: 'whole' }],
    });
    if (entries.length < page) continue;
    yield entries;
    entries = [];
  }
  yield entries;
}

async function collect(entries: AsyncIterable<Entry>, most = Number.POSITIVE_INFINITY): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) if (all.push(entry) >= most) break;
  return all;
}

describe('sorting entries', () => {
  it.each([
    ['in memory', 100_000],
    ['through files', 100],
  ])('%s keeps every fact', async (_how, chunk) => {
    const scratch = await temporaryFolder();
    const sorted = await collect(sortEntries(scattered(1009, 50), { scratch, chunk }));
    expect(sorted.map(({ path }) => path)).toEqual(sorted.map(({ path }) => path).toSorted());
    expect(sorted).toHaveLength(1009);
    expect(sorted.find(({ size }) => size === 500)).toEqual({
      path: 'd2/000500',
      kind: 'file',
      size: 500,
      modified: new Date(500),
      version: { id: 'v500', strong: true },
      checksums: [{ algorithm: 'md5', value: 'ab', scope: 'whole' }],
    });
    expect(await readdir(scratch)).toEqual([]);
  });

  it('leaves no scratch behind when nobody wants the rest, or the listing breaks off', async () => {
    const scratch = await temporaryFolder();
    expect(await collect(sortEntries(scattered(1009, 50), { scratch, chunk: 100 }), 5)).toHaveLength(5);
    expect(await readdir(scratch)).toEqual([]);
    await expect(collect(sortEntries(scattered(1009, 50, 700), { scratch, chunk: 100 }))).rejects.toThrow(
      'broke off',
    );
    expect(await readdir(scratch)).toEqual([]);
  });

  it('says when the scratch files cannot be written', async () => {
    const scratch = `${await temporaryFolder()}/missing`;
    const failure = await failureOf(collect(sortEntries(scattered(1009, 50), { scratch, chunk: 100 })));
    expect(failure.kind).toBe('denied');
    expect(failure.message).toContain('ENOENT');
  });
});
