import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Planned } from '../../../../src/transfer/items.ts';
import { decideUploads } from '../../../../src/transfer/plan/decide-uploads.ts';
import { planDownload } from '../../../../src/transfer/plan/download-plan.ts';
import { holdClashes } from '../../../../src/transfer/plan/hold-clashes.ts';
import { io } from '../rig.ts';
import { listingReader, listingStore, manyFiles, nthName } from './made-up.ts';

const COUNT = 100_000;

/** Counts the items of a plan by why, and how far its sources were ahead of it at most. */
async function tally(
  items: AsyncIterable<Planned<{ readonly why: string }>>,
  ...meters: readonly { readonly taken: number }[]
): Promise<{ readonly why: Record<string, number>; readonly ahead: number }> {
  const why: Record<string, number> = {};
  let got = 0;
  let ahead = 0;
  for await (const item of items) {
    got += 1;
    for (const { taken } of meters) ahead = Math.max(ahead, taken - got);
    const word = item.kind === 'file' ? item.file.why : item.kind === 'skip' ? item.skipped.why : item.kind;
    why[word] = (why[word] ?? 0) + 1;
  }
  return { why, ahead };
}

describe(`a plan of ${COUNT} files`, { timeout: 120_000 }, () => {
  it('reads the source and the destination of an upload no further than it got', async () => {
    const source = { taken: 0 };
    const listing = { taken: 0 };
    const policy = { ifExists: 'skip', look: false } as const;
    const store = listingStore(COUNT, 'path', listing);
    const items = await decideUploads([manyFiles(COUNT, source)], store, policy, io);
    const { why, ahead } = await tally(items, source, listing);
    expect(why).toEqual({ same: COUNT / 2, new: COUNT / 2 });
    expect(ahead).toBeLessThanOrEqual(1000);
  });

  it('reads the listing of a download no further than it got', async () => {
    const listing = { taken: 0 };
    const reader = listingReader(listingStore(COUNT, 'path', listing));
    const items = holdClashes(planDownload(reader, { folder: '/to', name: '' }, io), 'made up');
    const { why, ahead } = await tally(items, listing);
    expect(why).toEqual({ overwrite: COUNT });
    expect(ahead).toBeLessThanOrEqual(1001);
  });

  it('comes in path order from a listing that has none', async () => {
    const reader = listingReader(listingStore(COUNT, 'none', { taken: 0 }));
    let nth = 0;
    for await (const item of planDownload(reader, { folder: '/to', name: '' }, io)) {
      if (item.kind === 'file' && item.file.name !== nthName(nth)) expect(item.file.name).toBe(nthName(nth));
      nth += 1;
    }
    expect(nth).toBe(COUNT);
  });
});

if (process.env['MLSTOW_SOAK'] !== undefined) {
  describe('a plan of a million files', () => {
    const MILLION = 1_000_000;
    const plan = async (what: string, argument: string): Promise<{ count: number; mostKiB: number }> => {
      const script = join(import.meta.dirname, 'plan-many.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--import',
        'tsx',
        script,
        what,
        argument,
      ]);
      return JSON.parse(stdout) as { count: number; mostKiB: number };
    };
    const bounded = { mostKiB: expect.toSatisfy((kib: number) => kib <= 256 * 1024) as number };

    it.each(['upload', 'download', 'sorted'])(
      'made up (%s) takes at most 256 MiB',
      async (what) => {
        expect(await plan(what, String(MILLION))).toEqual({ count: MILLION, ...bounded });
      },
      600_000,
    );

    it.each([
      ['in one folder', 1],
      ['in a thousand folders', 1000],
    ])(
      'on a disk, %s, takes at most 256 MiB',
      async (_what, folders) => {
        const root = await mkdtemp(join(tmpdir(), 'mlstow-many-'));
        onTestFinished(async () => rm(root, { recursive: true }), 600_000);
        for (let folder = 0; folder < folders; folder += 1) {
          const at = join(root, `folder-${folder}`);
          await mkdir(at);
          for (let from = 0; from < MILLION / folders; from += 500) {
            const names = Array.from({ length: 500 }, (_, i) => join(at, `artifact-${from + i}.json`));
            await Promise.all(names.map(async (name) => writeFile(name, '')));
          }
        }
        expect(await plan('walk', root)).toEqual({ count: MILLION, ...bounded });
      },
      1_800_000,
    );
  });
}
