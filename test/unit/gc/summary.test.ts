import { expect, it } from 'vitest';
import { gcSummaryLine } from '../../../src/cli/commands/gc/gc-summary.ts';
import type { Outcome, Told } from '../../../src/gc/item.ts';
import { createCounter, type Tally } from '../../../src/gc/tally.ts';

function tallyOf(...ended: readonly (readonly [Told['kind'], Outcome['action'], number, number])[]): Tally {
  const counter = createCounter();
  for (const [kind, action, objects, bytes] of ended)
    counter.count({ item: { kind, id: 'x', experimentId: '1', named: false }, action, objects, bytes });
  return counter.tally;
}

it.each([
  ['deleted nothing\n', tallyOf()],
  ['deleted 1 run (1 object, 5 B)\n', tallyOf(['run', 'delete', 1, 5])],
  [
    'deleted 2 runs, 1 experiment (3 objects, 12 B); 1 kept; 1 failed\n',
    tallyOf(
      ['run', 'delete', 2, 5],
      ['run', 'delete', 1, 7],
      ['experiment', 'delete', 0, 0],
      ['model', 'keep', 0, 0],
      ['run', 'fail', 0, 0],
    ),
  ],
  ['deleted no row to its end, but 3 objects, 9 B; 1 failed\n', tallyOf(['run', 'fail', 3, 9])],
])('reads %j', (line, tally) => {
  expect(gcSummaryLine('rows', tally, { young: 0 }, false)).toBe(line);
});

it('tells of a plan no sizes that nobody has looked at, and why something is left out', () => {
  const line = gcSummaryLine('rows', tallyOf(['run', 'delete', 0, 0]), { young: 3, protected: 1 }, true);
  expect(line).toBe(
    'would delete 1 run; 3 left out: younger than --older-than; 1 left out: protected by a tag\n',
  );
});

it('speaks of orphans and uploads as such', () => {
  expect(gcSummaryLine('orphans', tallyOf(['model', 'delete', 2, 8]), {}, true)).toBe(
    'would delete orphans of 1 model (2 objects, 8 B)\n',
  );
  expect(
    gcSummaryLine('incomplete-uploads', tallyOf(['upload', 'delete', 0, 0]), { elsewhere: 2 }, false),
  ).toBe('deleted 1 unfinished upload; 2 left out: outside of runs, models and traces\n');
});
