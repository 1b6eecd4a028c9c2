import { expect, it, onTestFinished } from 'vitest';
import { itemAt, itemsWhere, note, pagesWhere } from '../../../src/gc/items.ts';
import { openScratch, type Scratch } from '../../../src/gc/scratch/open-scratch.ts';

const TAG = 'place';

async function scratchOf(): Promise<Scratch> {
  const scratch = await openScratch();
  onTestFinished(() => scratch.close());
  return scratch;
}

it('gives back what was noted, whatever characters it holds', async () => {
  const scratch = await scratchOf();
  const uri = '/a "b" \\ é \u{1f4a9} \u2028 \u0001 %00\n/artifacts';
  note(scratch, { kind: 'run', id: 'a', experimentId: '1', uri, named: true, action: 'delete' }, TAG);
  const kept = { kind: 'model', id: 'b', experimentId: '2', named: false } as const;
  const tags = { [TAG]: 's3://b/c', 'mlstow.collecting': '7 here' };
  note(scratch, { ...kept, tags, deletedTime: 7, action: 'keep', reason: "it's", brake: 'active' }, TAG);
  expect([...itemsWhere(scratch, 'true')]).toEqual([
    { seq: 1, kind: 'run', id: 'a', experimentId: '1', uri, named: true, action: 'delete' },
    {
      ...{ seq: 2, ...kept, taggedUri: 's3://b/c', marked: 'here' },
      ...{ action: 'keep', reason: "it's", brake: 'active' },
    },
  ]);
  expect(itemAt(scratch, 2)?.id).toBe('b');
  expect(itemAt(scratch, 3)).toBeUndefined();
});

it('pages in order, through an index that has another one too', async () => {
  const scratch = await scratchOf();
  const count = 1_201;
  for (let number = 0; number < count; number += 1) {
    const id = String((number * 7919) % count);
    note(scratch, { kind: 'trace', id, experimentId: '1', named: false, action: 'delete' }, TAG);
  }
  const pages = [...pagesWhere(scratch, "kind = 'trace' AND experiment = ?", '1')];
  expect(pages.map((page) => page.length)).toEqual([500, 500, 201]);
  expect(pages.flat().map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
});
