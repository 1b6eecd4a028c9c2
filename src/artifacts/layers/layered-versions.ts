import type { Versions } from '../store.ts';
import { eachPage } from './each-page.ts';
import type { RunOperation } from './run-operation.ts';

/** Older versions, each page and each batch of removals an operation. */
export function layeredVersions(versions: Versions, run: RunOperation): Versions {
  return {
    kept: async (io) =>
      run({ verb: 'versioning', path: '', repeatable: true }, io, async (inner) => versions.kept(inner)),
    expire: async (io) =>
      run({ verb: 'lifecycle', path: '', repeatable: true }, io, async (inner) => versions.expire(inner)),
    list: (under, io) =>
      eachPage({ verb: 'versions', path: under }, (inner) => versions.list(under, inner), run, io),
    of: (path, io) => eachPage({ verb: 'versions', path }, (inner) => versions.of(path, inner), run, io),
    purge: async (batch, io) =>
      run({ verb: 'purge', path: '', repeatable: true }, io, async (inner) => versions.purge(batch, inner)),
  };
}
