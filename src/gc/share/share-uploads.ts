import type { ArtifactStore, Incomplete, Unfinished } from '../../artifacts/store.ts';
import { isWithin, type Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import { createBatcher } from '../batcher.ts';

interface Asked {
  readonly under: Under;
  readonly io: Io;
}

/** More than these below a store are somebody's at work: whose place is asked for is listed alone. */
const FEW = 1000;
/** Places listed together. */
const TOGETHER = 100;

/** All unfinished uploads below a store, where they are few. */
async function fewIn(incomplete: Incomplete, io: Io): Promise<readonly Unfinished[] | undefined> {
  const found: Unfinished[] = [];
  for await (const page of incomplete.list('', io)) {
    found.push(...page);
    if (found.length > FEW) return undefined;
  }
  return found;
}

/**
 * The same store, whose unfinished uploads are listed once for all who ask while another listing is under way, where
 * that is cheap: each gets a listing that begins after it asked.
 */
export function shareUploads(store: ArtifactStore): ArtifactStore {
  const { incomplete } = store;
  if (!incomplete || !store.traits.wide) return store;
  let areMany = false;
  const ask = createBatcher<Asked, readonly Unfinished[] | undefined>(
    async (asked) => {
      const [first] = asked;
      if (!first || asked.length === 1 || areMany) return asked.map(() => undefined);
      const found = await fewIn(incomplete, first.io);
      areMany = found === undefined;
      return asked.map(({ under }) => found?.filter(({ path }) => isWithin(path, under)));
    },
    () => TOGETHER,
  );
  return {
    ...store,
    incomplete: {
      ...incomplete,
      list: async function* (under, io) {
        const found = await ask({ under, io });
        if (found) yield found;
        else yield* incomplete.list(under, io);
      },
    },
  };
}
