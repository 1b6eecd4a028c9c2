import { readFile, writeFile } from 'node:fs/promises';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore, BulkItem, BulkResult } from '../../../../src/artifacts/store.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { asFailure, Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { createMemoryStore, MemoryContent } from '../../../conformance/artifact-store/memory-store.ts';
import { bytesOf } from '../../../conformance/artifact-store/pattern.ts';
import { io } from '../rig.ts';

/** What was asked of a store, in order: `write x`, `put x y`, `get x y`, and how much ran at once. */
interface Asked {
  readonly calls: string[];
  running: number;
  most: number;
}

interface Bulky {
  readonly store: ArtifactStore;
  readonly content: MemoryContent;
  readonly asked: Asked;
}

/** A store in memory that takes three files at once; a file that holds `bad` fails alone. */
export function bulky(files: Readonly<Record<string, string>> = {}): Bulky {
  const content = new MemoryContent();
  for (const [path, text] of Object.entries(files)) content.set(path, Buffer.from(text));
  const memory = createMemoryStore({}, { content });
  const asked: Asked = { calls: [], running: 0, most: 0 };
  const counted = async <T>(call: string, act: () => Promise<T>): Promise<T> => {
    asked.calls.push(call);
    asked.running += 1;
    asked.most = Math.max(asked.most, asked.running);
    try {
      await systemClock.sleep(2, io.signal);
      return await act();
    } finally {
      asked.running -= 1;
    }
  };
  const each = async (
    items: readonly BulkItem[],
    using: Io,
    move: (item: BulkItem) => Promise<Buffer>,
  ): Promise<readonly BulkResult[]> => {
    const results: BulkResult[] = [];
    for (const item of items) {
      try {
        const bytes = await move(item);
        if (bytes.toString().startsWith('bad'))
          throw new Failure({ kind: 'denied', message: 'bad', subject: '' });
        using.progress?.(bytes.byteLength);
        results.push({ item, proof: 'checksum' });
      } catch (thrown) {
        results.push({ item, proof: 'none', failure: asFailure(thrown, item.path) });
      }
    }
    return results.toReversed();
  };
  const names = (items: readonly BulkItem[]) => items.map(({ path }) => path).join(' ');
  const store: ArtifactStore = {
    ...memory,
    write: async (path, source, options, using) =>
      counted(`write ${path}`, async () => memory.write(path, source, options, using)),
    bulk: {
      maxItems: 3,
      put: async (items, using) =>
        counted(`put ${names(items)}`, async () =>
          each(items, using, async ({ path, file, when }) => {
            const bytes = await readFile(file);
            if (!bytes.toString().startsWith('bad'))
              await memory.write(path, bytesSource(bytes), when ? { when } : {}, using);
            return bytes;
          }),
        ),
      get: async (items, using) =>
        counted(`get ${names(items)}`, async () =>
          each(items, using, async ({ path, file }) => {
            const bytes = await bytesOf(await memory.read(path, {}, { signal: using.signal }));
            if (!bytes.toString().startsWith('bad')) await writeFile(file, bytes, { flag: 'wx' });
            return bytes;
          }),
        ),
    },
  };
  return { store, content, asked };
}
