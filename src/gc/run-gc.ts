import { createCollector, type Collecting, type CollectOne } from './collect.ts';
import { doAll } from './do-all.ts';
import type { Item, Outcome } from './item.ts';
import { itemsWhere } from './items.ts';
import { usersReason } from './pick.ts';

/** Told how every item ended, also those that nothing was done about. */
export type Tell = (outcome: Outcome) => Promise<void> | void;

/** Part of a plan: items whose number leaves this rest. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** How an item ends about which nothing is done. */
export const untouched = (item: Item): Outcome => ({
  item,
  action: item.action,
  objects: 0,
  bytes: 0,
  ...(item.reason === undefined ? {} : { reason: item.reason }),
  ...(item.brake === undefined ? {} : { brake: item.brake }),
});

async function collectAll(
  items: Iterable<Item>,
  collect: CollectOne,
  collecting: Collecting,
  tell: Tell,
): Promise<void> {
  await doAll(
    items,
    async (item) => tell(item.action === 'delete' ? await collect(item) : untouched(item)),
    collecting,
  );
}

/** The traces of an experiment go only when it goes: none of its runs and models is left. */
async function collectExperiment(
  experiment: Item,
  collect: CollectOne,
  collecting: Collecting,
  tell: Tell,
  shard: Shard | undefined,
): Promise<void> {
  const { records, scratch, io } = collecting;
  const traces = itemsWhere(scratch, "kind = 'trace' AND experiment = ?", experiment.id);
  const mine = isMine(experiment, shard);
  const { runs, models, users } = await records.children(experiment.id, io);
  const needed = users.length > 0 && !collecting.breakReferences;
  if (experiment.action !== 'delete' || runs + models > 0 || needed) {
    if (!mine) return;
    const left = runs + models > 0 ? `still in it: ${runs} runs, ${models} models` : usersReason(users);
    const reason = experiment.reason ?? left;
    for (const trace of traces) {
      const kept = trace.action === 'delete' ? 'keep' : trace.action;
      await tell({
        ...untouched(trace),
        action: kept,
        reason: trace.reason ?? `its experiment ${experiment.id} is kept`,
      });
    }
    await tell(
      experiment.action === 'delete'
        ? { ...untouched(experiment), action: 'keep', reason }
        : untouched(experiment),
    );
    return;
  }
  await collectAll(traces, collect, collecting, tell);
  const ended = await collect(experiment);
  if (mine || ended.action === 'delete') await tell(ended);
}

function isMine(item: Item, shard: Shard | undefined): boolean {
  return !shard || item.seq % shard.of === shard.index;
}

/** Does what was decided. @throws what stopped it; what happened until then has been told */
export async function runGc(collecting: Collecting, tell: Tell, shard?: Shard): Promise<void> {
  const { scratch } = collecting;
  const collect = createCollector(collecting);
  const rows = shard
    ? itemsWhere(scratch, "kind IN ('run', 'model') AND seq % ? = ?", shard.of, shard.index)
    : itemsWhere(scratch, "kind IN ('run', 'model')");
  await collectAll(rows, collect, collecting, tell);
  for (const experiment of itemsWhere(scratch, "kind = 'experiment'"))
    await collectExperiment(experiment, collect, collecting, tell, shard);
}
