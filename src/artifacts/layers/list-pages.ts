import type { ArtifactPath, Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import { Failure } from '../../core/failure.ts';
import type { ArtifactStore, Entry } from '../store.ts';
import { subjectOf, type RunOperation } from './run-operation.ts';

type Pages = AsyncIterator<readonly Entry[], unknown>;

/**
 * A listing, each page an operation of its own. A generator that threw answers "done" when asked again, so a page that
 * is tried again comes from a new listing that starts after the last entry delivered.
 */
export async function* listPages(
  store: ArtifactStore,
  run: RunOperation,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  let pages: Pages | undefined;
  let after = options.after;
  const restart = (): Pages => {
    if (after !== options.after && store.traits.order === 'none') throw notRestartable(store, under);
    const listing = store.list(
      under,
      { recursive: options.recursive, ...(after === undefined ? {} : { after }) },
      io,
    );
    return listing[Symbol.asyncIterator]();
  };
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
      after = page.at(-1)?.path ?? after;
      yield page;
    }
  } finally {
    await pages?.return?.();
  }
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
