import { expect, it } from 'vitest';
import { mergeSides, type Named } from '../../../../src/transfer/verify/merge-sides.ts';

/** Names in path order; those that end with a slash are folders. */
async function* side(names: readonly string[]): AsyncGenerator<Named<string>> {
  for (const name of names) {
    const bare = name.replace(/\/$/, '');
    yield { name: bare, isFolder: name !== bare, item: bare };
  }
}

async function merged(there: readonly string[], here: readonly string[]): Promise<string[]> {
  const words: string[] = [];
  for await (const met of mergeSides(side(there), side(here))) {
    const where = met.there === undefined ? 'here' : met.here === undefined ? 'there' : 'both';
    words.push(`${met.name} ${where}${met.clash ? ' clash' : ''}`);
  }
  return words.toSorted();
}

it.each<[string, readonly string[], readonly string[], readonly string[]]>([
  ['nothing', [], [], []],
  ['one side', ['a', 'b/', 'b/c'], [], ['a there', 'b/c there']],
  ['the same', ['a', 'b/c'], ['a', 'b/c'], ['a both', 'b/c both']],
  ['some of each', ['a', 'c'], ['b', 'c', 'd'], ['a there', 'b here', 'c both', 'd here']],
  ['a folder here', ['a', 'b'], ['a/x', 'b'], ['a there clash', 'a/x here', 'b both']],
  ['a folder there', ['a/x', 'b'], ['a', 'b'], ['a here clash', 'a/x there', 'b both']],
  ['an empty folder', ['a'], ['a/'], ['a there clash']],
  [
    'names that lie between',
    ['a', 'a!', 'a.b'],
    ['a!', 'a.b', 'a/x'],
    ['a there clash', 'a! both', 'a.b both', 'a/x here'],
  ],
  [
    'names that lie between and clash themselves',
    ['a', 'a!'],
    ['a!/y', 'a/x'],
    ['a there clash', 'a! there clash', 'a!/y here', 'a/x here'],
  ],
  ['a file and a folder at one store', ['a', 'a/x'], ['a/x'], ['a there clash', 'a/x both']],
  ['the same without a folder here', ['a', 'a/x', 'b'], ['b'], ['a there', 'a/x there', 'b both']],
  ['a sibling', ['a', 'ab'], ['ab', 'b'], ['a there', 'ab both', 'b here']],
])('%s', async (_name, there, here, expected) => {
  expect(await merged(there, here)).toEqual(expected);
});
