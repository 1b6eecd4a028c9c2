import type { Action, Brake, Outcome, Told } from './item.ts';

type Kind = Told['kind'];

export const KINDS = ['run', 'model', 'trace', 'experiment', 'upload'] as const satisfies readonly Kind[];
export const ACTIONS = ['delete', 'keep', 'skip', 'fail', 'absent'] as const satisfies readonly Action[];

/** What became of all items. */
export interface Tally {
  readonly counts: Readonly<Record<Action, Readonly<Record<Kind, number>>>>;
  readonly objects: number;
  readonly bytes: number;
  /** Of those bytes what servers keep as older versions. */
  readonly notFreed: number;
  /** Kept by a brake; but for `root`, those whose ids were given. */
  readonly braked: Readonly<Record<Brake, number>>;
}

/** Counts outcomes as they come. */
export interface Counter {
  count(outcome: Outcome): void;
  readonly tally: Tally;
}

/** Counts nothing yet. */
export function createCounter(): Counter {
  const zero = (): Record<Kind, number> => ({ run: 0, model: 0, trace: 0, experiment: 0, upload: 0 });
  const counts = { delete: zero(), keep: zero(), skip: zero(), fail: zero(), absent: zero() };
  const braked = { active: 0, workspace: 0, reference: 0, root: 0 };
  const tally = { counts, objects: 0, bytes: 0, notFreed: 0, braked };
  return {
    tally,
    count: ({ item, action, brake, objects, bytes, notFreed = 0 }) => {
      counts[action][item.kind] += 1;
      tally.objects += objects;
      tally.bytes += bytes;
      tally.notFreed += notFreed;
      if (brake !== undefined && (brake === 'root' || item.named)) braked[brake] += 1;
    },
  };
}

/** Items with an action, of every kind. */
export function totalOf({ counts }: Tally, action: Action): number {
  return KINDS.reduce((sum, kind) => sum + counts[action][kind], 0);
}
