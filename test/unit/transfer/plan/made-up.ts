import type { ArtifactReader } from '../../../../src/artifacts/reader.ts';
import type { ArtifactStore, Entry } from '../../../../src/artifacts/store.ts';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactPath } from '../../../../src/core/artifact-path.ts';
import type { Planned, UploadFile } from '../../../../src/transfer/items.ts';
import type { UploadRoot } from '../../../../src/transfer/plan/upload-plan.ts';
import { createMemoryStore } from '../../../conformance/artifact-store/memory-store.ts';

const PAGE = 1000;
const SOURCE = bytesSource(Buffer.from('x'));

/** The nth of many names, in path order, a thousand to a folder. */
export function nthName(nth: number): ArtifactPath {
  const [folder, file] = [Math.floor(nth / 1000), nth % 1000].map((part) => String(part).padStart(4, '0'));
  return `experiment/run/folder-${folder}/artifact-${file}.json` as ArtifactPath;
}

/** How much of a made-up listing was taken. */
export interface Taken {
  taken: number;
}

async function* pages(count: number, order: 'path' | 'none', meter: Taken): AsyncGenerator<Entry[]> {
  for (let from = 0; from < count; from += PAGE) {
    const page = Array.from({ length: Math.min(PAGE, count - from) }, (_, i): Entry => {
      const nth = order === 'path' ? from + i : ((from + i) * 7_919) % count;
      return { path: nthName(nth), kind: 'file', size: 1, modified: new Date(0), checksums: [] };
    });
    meter.taken += page.length;
    yield page;
  }
}

/** A store that lists so many files of one byte. */
export function listingStore(count: number, order: 'path' | 'none', meter: Taken): ArtifactStore {
  return { ...createMemoryStore({ order }), list: () => pages(count, order, meter) };
}

/** A reader of such a store. */
export function listingReader(store: ArtifactStore): ArtifactReader {
  const { label, traits } = store;
  return {
    ...{ label, connections: 4, order: traits.order, ranges: traits.ranges, modified: traits.modified },
    root: async () => undefined,
    list: (under, options, io) => store.list(under, options, io),
    look: async () => undefined,
    read: async () => Promise.reject(new Error('nothing is read here')),
  };
}

/** A folder of so many files of one byte, every other of which is not in `listingStore`. */
export function manyFiles(count: number, meter: Taken): UploadRoot {
  return {
    kind: 'folder',
    path: '',
    source: 'made-up',
    tops: async function* () {
      yield 'experiment';
    },
    names: async function* () {
      yield* [];
    },
    items: async function* (): AsyncGenerator<Planned<UploadFile>> {
      for (let nth = 0; nth < count; nth += 1) {
        meter.taken += 1;
        const path = (nth % 2 === 0 ? nthName(nth) : `${nthName(nth)}.new`) as ArtifactPath;
        yield { kind: 'file', file: { path, local: `/from/${path}`, source: SOURCE, why: 'overwrite' } };
      }
    },
  };
}
