import { describe, expect, test } from 'vitest';
import { layered } from '../../../../src/artifacts/layers/layered.ts';
import { retry } from '../../../../src/artifacts/layers/retry.ts';
import { Failure, type FailureFacts } from '../../../../src/core/failure.ts';
import { expectFailure } from '../../../conformance/artifact-store/expect-failure.ts';
import { fakeClock } from '../../../conformance/artifact-store/fake-clock.ts';
import { faulty, type FaultPlan } from '../../../conformance/artifact-store/faulty.ts';
import { createMemoryStore } from '../../../conformance/artifact-store/memory-store.ts';
import { at, patternSource } from '../../../conformance/artifact-store/pattern.ts';

const policy = { maxRetries: 3, backoffMs: 1_000, jitterMs: 0, maxWaitMs: 60_000, respectRetryAfter: true };
const io = { signal: new AbortController().signal };

function failure(facts: Partial<FailureFacts>): Failure {
  return new Failure({ kind: 'unavailable', message: 'it failed', subject: '', retry: 'later', ...facts });
}

function retried(plan: FaultPlan, reauthenticate?: () => Promise<void>) {
  const clock = fakeClock();
  const layer = retry({ policy, clock, ...(reauthenticate ? { reauthenticate } : {}) });
  return { clock, store: layered(faulty(createMemoryStore(), plan), [layer]) };
}

describe('retry layer', () => {
  test('gives up after the policy and says so', async () => {
    const { store, clock } = retried(() => ({ before: failure({}) }));
    expect((await expectFailure(store.facts(io), 'unavailable')).retry).toBe('exhausted');
    expect(clock.waits).toEqual([0, 2_000, 4_000]);
  });

  test('bytes that arrived as others are sent again twice at most', async () => {
    const { store, clock } = retried(() => ({ before: failure({ kind: 'corrupt' }) }));
    const sent = store.write(at('file'), patternSource(10), {}, io);
    expect((await expectFailure(sent, 'corrupt')).retry).toBe('exhausted');
    expect(clock.waits).toEqual([0, 2_000]);
    const once = retried((_verb, nth) => (nth === 1 ? { before: failure({ kind: 'corrupt' }) } : undefined));
    await once.store.write(at('file'), patternSource(10), {}, io);
    expect(once.clock.waits).toEqual([0]);
  });

  test('what may have happened is repeated only where that is harmless', async () => {
    const { store, clock } = retried(() => ({ before: failure({ effect: 'unknown' }) }));
    const multi = createMemoryStore({}, { multipart: 'any' }).multipart!;
    await expectFailure(store.stat(at('file'), io), 'unavailable');
    expect(clock.waits).toHaveLength(3);
    const once = retried(() => undefined);
    const begin = layered(
      {
        ...once.store,
        multipart: { ...multi, begin: async () => Promise.reject(failure({ effect: 'unknown' })) },
      },
      [retry({ policy, clock: once.clock })],
    ).multipart!.begin(at('file'), { partBytes: 1024, media: {} }, io);
    await expectFailure(begin, 'unavailable');
    expect(once.clock.waits).toEqual([]);
  });

  test('fresh credentials are asked for once, at once', async () => {
    const expired = failure({ kind: 'unauthenticated', retry: 'reauthenticate' });
    let asked = 0;
    const reauthenticate = async () => void (asked += 1);
    const helped = retried((_verb, nth) => (nth === 1 ? { before: expired } : undefined), reauthenticate);
    await helped.store.write(at('file'), patternSource(10), {}, io);
    expect([asked, helped.clock.waits]).toEqual([1, []]);
    const vain = retried(() => ({ before: expired }), reauthenticate);
    await expectFailure(vain.store.facts(io), 'unauthenticated');
    expect(asked).toBe(2);
    await expectFailure(retried(() => ({ before: expired })).store.facts(io), 'unauthenticated');
  });

  test('a listing in no order is not continued: it fails rather than lose or repeat entries', async () => {
    const raw = createMemoryStore({ order: 'none' });
    for (let i = 0; i < 1500; i += 1) await raw.write(at(`f${i}`), patternSource(0), {}, io);
    const broken = (at_: number) =>
      layered(
        faulty(raw, (verb, nth) => (verb === 'page' && nth === at_ ? { before: failure({}) } : undefined)),
        [retry({ policy, clock: fakeClock() })],
      );
    const count = async (at_: number) => {
      let entries = 0;
      for await (const page of broken(at_).list('', { recursive: true }, io)) entries += page.length;
      return entries;
    };
    expect(await count(1)).toBe(1500);
    expect((await expectFailure(count(2), 'unavailable')).retry).toBe('exhausted');
  });
});
