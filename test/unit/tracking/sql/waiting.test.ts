import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../../../../src/core/failure.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { withExclusiveLock } from '../../../../src/tracking/sql/exclusive-lock.ts';
import { collect, failureOf, io, open, temporaryFolder } from './database.ts';

/** Another program that holds the right to write until it is let go. */
function holdLock(path: string): () => void {
  const other = new DatabaseSync(path);
  other.exec('BEGIN EXCLUSIVE');
  let isHeld = true;
  const release = (): void => {
    if (isHeld) other.exec('ROLLBACK');
    if (isHeld) other.close();
    isHeld = false;
  };
  onTestFinished(release);
  return release;
}

async function untilTicks(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await systemClock.sleep(20);
}

describe('a locked database', () => {
  it('is waited for while timers go on', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const release = holdLock(join(cwd, 'mlflow.db'));
    const created = store.experiments.create({ name: 'patient', tags: {} }, io);
    await untilTicks(15);
    expect(await Promise.race([created, Promise.resolve('waiting')])).toBe('waiting');
    release();
    expect(await created).toBe('1');
  });

  it('ends in unavailable when it stays locked', async () => {
    const cwd = await temporaryFolder();
    await open(cwd);
    const store = await open(cwd, { uri: 'sqlite:///mlflow.db?timeout=0.1', intent: 'write' });
    holdLock(join(cwd, 'mlflow.db'));
    const failure = await failureOf(store.experiments.create({ name: 'x', tags: {} }, io));
    expect(failure).toMatchObject({ kind: 'unavailable', retry: 'exhausted' } satisfies Partial<Failure>);
    expect(failure.facts.hint).toContain('other writer');
  });

  it('is left when the signal aborts, also by those queued behind', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const release = holdLock(join(cwd, 'mlflow.db'));
    const stop = new AbortController();
    const waiting = store.experiments.create({ name: 'a', tags: {} }, { signal: stop.signal });
    const queued = store.experiments.create({ name: 'b', tags: {} }, { signal: stop.signal });
    const patient = store.experiments.create({ name: 'c', tags: {} }, io);
    await untilTicks(2);
    stop.abort();
    expect((await failureOf(waiting)).kind).toBe('cancelled');
    expect((await failureOf(queued)).kind).toBe('cancelled');
    release();
    expect(await patient).toBe('1');
    expect(await collect(store.experiments.search({ view: 'all' }, io))).toHaveLength(2);
  });

  it('keeps the transactions of concurrent callers apart', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        store.experiments.create({ name: `e${i % 10}`, tags: { i: `${i}` } }, io),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    const kinds = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as Failure] : [],
    );
    expect(new Set(kinds.map((failure) => failure.kind))).toEqual(new Set(['exists']));
    expect(await collect(store.experiments.search({ view: 'all' }, io))).toHaveLength(11);
  });
});

describe('the lock of a side file', () => {
  it('lets one in at a time and is free after a failure', async () => {
    const path = join(await temporaryFolder(), 'side.lock');
    const lock = { clock: systemClock, io, subject: path };
    let inside = 0;
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      inside += 1;
      await systemClock.sleep(1);
      seen.push(inside);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withExclusiveLock(path, lock, work)));
    expect(seen).toEqual(Array.from({ length: 8 }, () => 1));
    const broken = withExclusiveLock(path, lock, () => Promise.reject(new Error('mine')));
    await expect(broken).rejects.toThrow('mine');
    await withExclusiveLock(path, lock, work);
  });
});
