import { describe, expect, test } from 'vitest';
import { createGate, type Gate, type Outcome } from '../../../../src/artifacts/layers/gate.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { expectFailure } from '../../../conformance/artifact-store/expect-failure.ts';

const signal = new AbortController().signal;
const turnOfLoop = async () => new Promise(setImmediate);

async function inside(gate: Gate, count: number): Promise<((outcome: Outcome) => void)[]> {
  return Promise.all(Array.from({ length: count }, async () => gate.enter(signal)));
}

describe('gate', () => {
  test('lets in as many as it is wide, the rest in order of arrival', async () => {
    const gate = createGate(2);
    const [first] = await inside(gate, 2);
    const order: string[] = [];
    void gate.enter(signal).then(() => order.push('third'));
    void gate.enter(signal).then(() => order.push('fourth'));
    await turnOfLoop();
    expect(order).toEqual([]);
    first?.('ok');
    await turnOfLoop();
    expect(order).toEqual(['third']);
  });

  test('a permit given back twice counts once', async () => {
    const gate = createGate(1);
    const [leave] = await inside(gate, 1);
    leave?.('ok');
    leave?.('ok');
    await gate.enter(signal);
    let entered = false;
    void gate.enter(signal).then(() => (entered = true));
    await turnOfLoop();
    expect(entered).toBe(false);
  });

  test('halves once for a crowd that was throttled together, and admits no more than that', async () => {
    const gate = createGate(8);
    const leaves = await inside(gate, 8);
    for (const leave of leaves.slice(0, 3)) leave('throttled');
    expect(gate.width).toBe(4);
    let entered = false;
    void gate.enter(signal).then(() => (entered = true));
    await turnOfLoop();
    expect(entered).toBe(false);
    leaves[3]?.('ok');
    leaves[4]?.('ok');
    await turnOfLoop();
    expect(entered).toBe(true);
  });

  test('never narrows below one and widens one by one up to its first width', async () => {
    const gate = createGate(4);
    for (let i = 0; i < 5; i += 1) (await gate.enter(signal))('throttled');
    expect(gate.width).toBe(1);
    const widths: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      (await gate.enter(signal))('ok');
      widths.push(gate.width);
    }
    expect(widths).toEqual([2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]);
  });

  test('failures of another kind change nothing', async () => {
    const gate = createGate(4);
    for (let i = 0; i < 5; i += 1) (await gate.enter(signal))('failed');
    expect(gate.width).toBe(4);
  });

  test('who stops waiting leaves the queue; a deadline is told as itself', async () => {
    const gate = createGate(1);
    const [leave] = await inside(gate, 1);
    const aborting = new AbortController();
    const waiting = gate.enter(aborting.signal);
    const deadline = new Failure({ kind: 'deadline', message: 'the time is up', subject: '' });
    aborting.abort(deadline);
    await expectFailure(waiting, 'deadline');
    await expectFailure(gate.enter(AbortSignal.abort()), 'cancelled');
    leave?.('ok');
    await gate.enter(signal);
  });
});
