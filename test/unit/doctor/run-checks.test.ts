import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Failure } from '../../../src/core/failure.ts';
import type { Io } from '../../../src/core/io.ts';
import type { Check } from '../../../src/doctor/check.ts';
import type { Context } from '../../../src/doctor/context.ts';
import { fail, ok, warn } from '../../../src/doctor/finding.ts';
import { runChecks } from '../../../src/doctor/run-checks.ts';

const io: Io = { signal: new AbortController().signal };

function contextOf(more: Partial<Context> = {}): Context {
  return { clock: systemClock, offline: false, readOnly: false, ...more } as Context;
}

function checkOf(id: Check['id'], more: Partial<Check>): Check {
  return {
    id,
    name: id.toLowerCase(),
    area: 'configuration',
    title: 'All is well',
    explain: 'Nothing.',
    network: false,
    needs: [],
    run: () => [],
    ...more,
  };
}

async function levels(checks: readonly Check[], context = contextOf(), under = io): Promise<string[]> {
  const found: string[] = [];
  for await (const { check, findings } of runChecks(checks, context, under)) {
    found.push(`${check.id} ${findings.map(({ level, evidence }) => `${level}: ${evidence}`).join(' | ')}`);
  }
  return found;
}

/** Ends only when it is told to stop. */
const endless: Check['run'] = async (_context, { signal }) => {
  await once(signal, 'abort');
  throw signal.reason as Error;
};

describe('runChecks', () => {
  test('yields what was found in the order given, however long each takes', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = checkOf('D1', { run: () => gate.then(() => [ok('slow')]) });
    const quick = checkOf('D2', {
      run: () => {
        release();
        return [warn('quick', 'type this')];
      },
    });
    expect(await levels([slow, quick, checkOf('D3', {})])).toEqual(['D1 ok: slow', 'D2 warn: quick', 'D3 ']);
  });

  test('a crash, a failure and a time-out are findings of their own check', async () => {
    const checks = [
      checkOf('D1', {
        run: () => {
          throw new TypeError('x is not a function');
        },
      }),
      checkOf('D2', {
        run: () =>
          Promise.reject(new Failure({ kind: 'denied', message: 'no entry', subject: 's', hint: 'ask' })),
      }),
      checkOf('D3', { timeoutMs: 20, run: endless }),
      checkOf('D4', { run: () => [ok('fine')] }),
    ];
    expect(await levels(checks)).toEqual([
      'D1 fail: this check itself failed: unexpected error: x is not a function',
      'D2 fail: no entry',
      'D3 fail: there was no result within 0.02s',
      'D4 ok: fine',
    ]);
    for await (const { check, findings } of runChecks(checks.slice(1, 2), contextOf(), io)) {
      expect([check.id, ...findings]).toMatchObject(['D2', { remedy: 'ask' }]);
    }
  });

  test('what needs a check that failed, or was skipped itself, is skipped', async () => {
    const checks = [
      checkOf('D1', { run: () => [fail('broken', 'mend it')] }),
      checkOf('D2', { needs: ['D1'] }),
      checkOf('D3', { needs: ['D2'] }),
      checkOf('D4', { run: () => [warn('odd', 'look')] }),
      checkOf('D5', { needs: ['D4'], run: () => [ok('went on')] }),
    ];
    expect(await levels(checks)).toEqual([
      'D1 fail: broken',
      'D2 skip: D1 (d1) failed',
      'D3 skip: D2 (d2) was skipped',
      'D4 warn: odd',
      'D5 ok: went on',
    ]);
  });

  test.each<[string, Partial<Context>, Partial<Check>]>([
    ['--offline', { offline: true }, { network: true }],
    ['--read-only', { readOnly: true }, { writes: true }],
  ])('%s skips what it forbids and says so', async (flag, context, check) => {
    const never = (): never => {
      throw new Error('it must not run');
    };
    const [line] = await levels([checkOf('D1', { ...check, run: never })], contextOf(context));
    expect(line).toMatch(`D1 skip: ${flag}`);
  });

  test('a piece that cannot be had, or not in time, skips those that need it and no other', async () => {
    const context = contextOf({
      tracking: () =>
        Promise.reject(new Failure({ kind: 'unavailable', message: 'nobody listens', subject: 's' })),
      roots: () => new Promise(() => undefined),
    });
    const checks = [
      checkOf('D1', { network: true, needs: ['tracking'] }),
      checkOf('D2', { network: true, needs: ['roots'], timeoutMs: 20 }),
      checkOf('D3', { run: () => [ok('fine')] }),
    ];
    expect(await levels(checks, context)).toEqual([
      'D1 skip: the records cannot be opened: nobody listens',
      'D2 skip: the artifact roots cannot be told: there was no result within 0.02s',
      'D3 ok: fine',
    ]);
  });

  test('stops with the reason it was stopped for, after the check has cleaned up', async () => {
    const stop = new AbortController();
    const reason = new Failure({ kind: 'cancelled', message: 'stopped by SIGTERM', subject: 'mlstow' });
    let cleaned = false;
    const probing = checkOf('D1', {
      run: async (_context, { signal }) => {
        queueMicrotask(() => stop.abort(reason));
        await once(signal, 'abort');
        await new Promise((resolve) => setImmediate(resolve));
        cleaned = true;
        throw signal.reason as Error;
      },
    });
    await expect(levels([probing], contextOf(), { signal: stop.signal })).rejects.toBe(reason);
    expect(cleaned).toBe(true);
  });
});
