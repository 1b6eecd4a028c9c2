import { expect, it } from 'vitest';
import { createPace } from '../../../../src/tracking/sql/collect/pace.ts';

it('takes more rows at a time while that is quick, and fewer when others wait for long', () => {
  const pace = createPace(true);
  const first = pace.most;
  pace.took(5);
  pace.took(5);
  expect(pace.most).toBe(first * 4);
  pace.took(100);
  expect(pace.most).toBe(first * 4);
  pace.took(900);
  expect(pace.most).toBe(first * 2);
  for (let times = 0; times < 20; times += 1) pace.took(900);
  expect(pace.most).toBe(1);
});

it('is as wide as can be where nobody waits', () => {
  const pace = createPace(false);
  pace.took(60_000);
  expect(pace.most).toBe(Number.POSITIVE_INFINITY);
});
