import { expect, it } from 'vitest';
import { checkMaxDelete, readMaxDelete } from '../../../src/gc/brakes.ts';
import { leftOut, readSelection, selectsAnything } from '../../../src/gc/selection.ts';
import type { Candidate } from '../../../src/tracking/collect.ts';

const NOTHING = { allDeleted: false, includeUndated: false, protectTag: [] };
const DAY = 86_400_000;

it.each([
  { runIds: '' },
  { runIds: ',' },
  { runIds: 'a,,b' },
  { loggedModelIds: ' ' },
  { experimentIds: '1,' },
  { olderThan: '' },
  { olderThan: ' ' },
  { protectTag: ['=x'] },
])('refuses the empty value in %j instead of taking everything', (flags) => {
  expect(() => readSelection({ ...NOTHING, ...flags })).toThrow(expect.objectContaining({ kind: 'usage' }));
});

it.each(['30', '1w', '2h1d', '-1d', ' 1d', 'd', '1.2.3d'])('refuses the age %j', (olderThan) => {
  expect(() => readSelection({ ...NOTHING, olderThan })).toThrow(expect.objectContaining({ kind: 'usage' }));
});

it('reads ages as mlflow does', () => {
  const age = (olderThan: string) => readSelection({ ...NOTHING, olderThan }).olderThan;
  expect([age('1d2h3m4s'), age('1.5d'), age('0d')]).toEqual([93_784_000, 1.5 * DAY, 0]);
});

it('takes a tag to protect for no selector', () => {
  expect(selectsAnything(readSelection({ ...NOTHING, protectTag: ['keep'] }))).toBe(false);
  expect(selectsAnything(readSelection({ ...NOTHING, olderThan: '0d' }))).toBe(true);
});

const RUN: Candidate = {
  kind: 'run',
  id: 'r',
  experimentId: '1',
  stage: 'deleted',
  deletedTime: 10 * DAY,
  tags: {},
};

it('leaves out what is younger, undated or protected', () => {
  const of = (flags: object, run: Partial<Candidate> = {}, tags = {}) =>
    leftOut({ ...RUN, ...run }, readSelection({ ...NOTHING, ...flags }), 12 * DAY, tags);
  expect(of({ olderThan: '2d' })).toBeUndefined();
  expect(of({ olderThan: '2d1s' })).toBe('young');
  const undated: Candidate = { kind: 'run', id: 'r', experimentId: '1', stage: 'deleted', tags: {} };
  expect(leftOut(undated, readSelection({ ...NOTHING, allDeleted: true }), 0, {})).toBe('undated');
  expect(
    leftOut(undated, readSelection({ ...NOTHING, allDeleted: true, includeUndated: true }), 0, {}),
  ).toBeUndefined();
  expect(of({ protectTag: ['keep'] }, { tags: { keep: 'no' } })).toBe('protected');
  expect(of({ protectTag: ['keep=yes'] }, { tags: { keep: 'no' } })).toBeUndefined();
  expect(of({ protectTag: ['keep=yes'] }, {}, { keep: 'yes' })).toBe('protected');
});

const COUNTS = {
  runs: { deleted: 5, all: 90 },
  models: { deleted: 0, all: 10 },
  experiments: { deleted: 0, all: 1 },
};

it('counts what may go in rows or in per cent of all rows, active ones included', () => {
  expect(() => checkMaxDelete(readMaxDelete('10%'), 10, COUNTS)).not.toThrow();
  expect(() => checkMaxDelete(readMaxDelete('10%'), 11, COUNTS)).toThrow(/11 of 100/);
  expect(() => checkMaxDelete(readMaxDelete('3'), 4, COUNTS)).toThrow(/allows 3/);
  expect(() => readMaxDelete('101%')).toThrow(/neither/);
  expect(() => readMaxDelete('1.5')).toThrow(/neither/);
});
