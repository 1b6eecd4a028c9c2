import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createOnce } from '../../../src/cli/commands/runs/run-once.ts';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import type { Io } from '../../../src/core/io.ts';
import { openSqlStore } from '../../../src/tracking/sql/open.ts';
import type { TrackingStore } from '../../../src/tracking/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const IO: Io = { signal: new AbortController().signal };
const WANTED = { experimentId: '0', userId: 'u', tags: {} };

async function openStore(): Promise<TrackingStore> {
  const cwd = await temporaryFolder();
  const uri = `sqlite:///${join(cwd, 'mlflow.db')}`;
  const store = await openSqlStore({
    uri,
    intent: 'create',
    cwd,
    clock: systemClock,
    notify: () => undefined,
  });
  onTestFinished(() => store.close());
  return store;
}

/** The same store, but nobody goes on after creating a run until `callers` of them have. */
function meeting(store: TrackingStore, callers: number): TrackingStore {
  let waiting = callers;
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  const runs: TrackingStore['runs'] = {
    ...store.runs,
    create: async (run, io) => {
      const made = await store.runs.create(run, io);
      waiting -= 1;
      if (waiting === 0) open();
      await all;
      return made;
    },
  };
  return { ...store, runs };
}

test.each([
  ['the one that starts first', [300, 100, 200]],
  ['the one with the lowest id when all start at once', [100, 100, 100]],
])('of callers that all create before any looks again, %s stays', async (_name, starts) => {
  const store = await openStore();
  const shared = meeting(store, starts.length);
  const clocks = starts.map((now): Clock => ({ ...systemClock, now: () => now }));
  const answers = await Promise.all(clocks.map((clock) => createOnce('k', WANTED, shared, clock, IO)));
  const left = [];
  const deleted = [];
  for await (const page of store.runs.search({ experimentIds: ['0'], view: 'active_only' }, IO))
    left.push(...page);
  for await (const page of store.runs.search({ experimentIds: ['0'], view: 'deleted_only' }, IO))
    deleted.push(...page);
  expect(left).toHaveLength(1);
  expect(deleted).toHaveLength(starts.length - 1);
  const [winner] = left;
  expect(winner?.info.startTime).toBe(100);
  expect(new Set(answers.map(({ run }) => run.runId))).toEqual(new Set([winner?.info.runId]));
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  const equals = deleted.filter(({ info }) => info.startTime === 100);
  for (const { info } of equals) expect(info.runId > (winner?.info.runId ?? '')).toBe(true);
});
