import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBufferLender } from '../../../src/core/buffer-lender.ts';

const MIB = 1024 * 1024;

test('lends buffers of exactly the size that is asked for, until their sum is reached', () => {
  const lender = createBufferLender(4 * MIB);
  const first = lender.take(2 * MIB);
  expect(first?.byteLength).toBe(2 * MIB);
  expect(lender.take(2 * MIB - 5)?.byteLength).toBe(2 * MIB - 5);
  expect(lender.take(1)).toBeUndefined();
  lender.giveBack(first!);
  expect(lender.take(1)?.byteLength).toBe(1);
});

test('lends the same memory again', () => {
  const lender = createBufferLender(4 * MIB);
  const first = lender.take(2 * MIB)!;
  lender.giveBack(first);
  expect(lender.take(2 * MIB - 1)?.buffer).toBe(first.buffer);
});

test('lends nothing that is larger than all it has', () => {
  expect(createBufferLender(MIB).take(MIB + 1)).toBeUndefined();
});

test('never has more than its sum lent and kept, nor lends any memory twice at once', () => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 5 * MIB }) }),
    fc.record({ back: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const most = 8 * MIB;
      const lender = createBufferLender(most);
      const lent: Uint8Array[] = [];
      for (const each of steps) {
        if ('take' in each) {
          const buffer = lender.take(each.take);
          if (buffer) lent.push(buffer);
        } else if (lent.length > 0) {
          lender.giveBack(lent.splice(each.back % lent.length, 1)[0]!);
        }
        expect(new Set(lent.map(({ buffer }) => buffer)).size).toBe(lent.length);
        expect(lent.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThanOrEqual(most);
      }
    }),
    { numRuns: 50 },
  );
});
