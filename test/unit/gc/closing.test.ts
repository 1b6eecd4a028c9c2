import { expect, it } from 'vitest';
import { closeAfter, closeAll, whileOpen } from '../../../src/session/gc/garbage.ts';

/** Things that note when they are closed; those named fail to. */
function opened(closed: string[], ...failing: readonly string[]) {
  return ['database', 'lock', 'scratch'].map((name) => async () => {
    closed.push(name);
    if (failing.includes(name)) throw new Error(`${name} does not close`);
  });
}

it('closes the latest first, all of them whatever fails, and throws the first failure', async () => {
  const closed: string[] = [];
  await expect(closeAll(opened(closed, 'lock', 'scratch'))).rejects.toThrow('scratch does not close');
  expect(closed).toEqual(['scratch', 'lock', 'database']);
  await closeAll(opened(closed));
  expect(closed).toHaveLength(6);
});

it('tells what failed first, not that closing failed behind it', async () => {
  const closed: string[] = [];
  const finding = whileOpen(async (opening) => {
    opening.push(...opened(closed, 'lock'));
    throw new Error('the database is away');
  });
  await expect(finding).rejects.toThrow('the database is away');
  expect(closed).toEqual(['scratch', 'lock', 'database']);
  await closeAfter(() => Promise.reject(new Error('nobody hears of this')));
});

it('closes what was opened when another gc is at work, and tells when that fails', async () => {
  const closed: string[] = [];
  const finding = whileOpen(async (opening) => {
    opening.push(...opened(closed, 'database'));
    return 'locked';
  });
  await expect(finding).rejects.toThrow('database does not close');
  expect(closed).toHaveLength(3);
});
