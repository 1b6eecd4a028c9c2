import type { Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import { Failure } from '../../core/failure.ts';
import type { ArtifactStore, Page } from '../store.ts';
import { subjectOf, type RunOperation } from './run-operation.ts';

type Pages = AsyncIterator<Page, unknown>;
type Options = Parameters<ArtifactStore['list']>[1];

/**
 * A listing, each page an operation of its own. A generator that threw answers "done" when asked again, so a page that
 * is tried again comes from a new listing that starts at the marker of the last page delivered, or else after its last
 * entry.
 */
export async function* listPages(
  store: ArtifactStore,
  run: RunOperation,
  under: Under,
  options: Options,
  io: Io,
): AsyncGenerator<Page> {
  let pages: Pages | undefined;
  let delivered: Page | undefined;
  const restart = (): Pages =>
    store.list(under, restOf(store, under, options, delivered), io)[Symbol.asyncIterator]();
  try {
    for (;;) {
      let tried = false;
      const page = await run({ verb: 'page', path: under, repeatable: true }, io, async () => {
        if (tried) await pages?.return?.();
        if (tried || !pages) pages = restart();
        tried = true;
        const next = await pages.next();
        return next.done === true ? undefined : next.value;
      });
      if (!page) return;
      if (page.length > 0 || page.marker !== undefined) delivered = page;
      yield page;
    }
  } finally {
    await pages?.return?.();
  }
}

/** What to ask for behind a page. @throws Failure unavailable when the store has no way to ask */
function restOf(store: ArtifactStore, under: Under, options: Options, delivered: Page | undefined): Options {
  if (!delivered) return options;
  const { recursive } = options;
  if (delivered.marker !== undefined) return { recursive, marker: delivered.marker };
  const last = delivered.at(-1);
  if (last && store.traits.order === 'path') return { recursive, after: last.path };
  throw notRestartable(store, under);
}

function notRestartable(store: ArtifactStore, under: Under): Failure {
  const subject = subjectOf(store, under);
  return new Failure({
    kind: 'unavailable',
    message: `the listing of ${subject} broke off and this store cannot continue one`,
    hint: 'run the command again',
    subject,
    retry: 'exhausted',
  });
}
