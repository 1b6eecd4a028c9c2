import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { inArguments } from '../../../../src/artifacts/stores/hdfs/cli/in-arguments.ts';
import { groupMoves, planMoves } from '../../../../src/artifacts/stores/hdfs/cli/bulk/plan-moves.ts';
import { splitStream } from '../../../../src/artifacts/stores/hdfs/cli/bulk/split-stream.ts';
import type { Entry } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';

const paths = (...names: readonly string[]) => names.map((name) => parseArtifactPath(name));
/** Names that end in a slash are directories. */
const there = (...names: readonly string[]): Entry[] =>
  names.map((name) => ({
    path: parseArtifactPath(name.replace(/\/$/, '')),
    kind: name.endsWith('/') ? 'directory' : 'file',
    checksums: [],
  }));

test('what is replaced is removed, and directories that hold nothing else, the deepest first', () => {
  const ready = paths('a/x', 'a/b/y', 'c/z', 'new/n');
  const found = there('a/', 'a/x', 'a/b/', 'a/b/y', 'c/', 'c/z', 'c/theirs', 'd/', 'd/other');
  expect(planMoves(ready, found)).toEqual({ replaced: ['a/x', 'a/b/y', 'c/z'], emptied: ['a/b', 'a'] });
});

test('a directory with an empty one in it that nothing goes into stays', () => {
  const found = there('a/', 'a/x', 'a/empty/');
  expect(planMoves(paths('a/x'), found)).toEqual({ replaced: ['a/x'], emptied: [] });
  expect(planMoves(paths('a/x', 'a/empty/y'), found).emptied).toEqual(['a/empty', 'a']);
});

test('what is ready moves as whole directories into those that stand', () => {
  const ready = paths('a/x', 'a/b/y', 'a/b/z', 'top');
  const groups = (...standing: readonly string[]) =>
    Object.fromEntries(
      [...groupMoves(ready, new Set(paths(...standing)))].map(([into, tops]) => [into, [...tops]]),
    );
  expect(groups()).toEqual({ '': ['a', 'top'] });
  expect(groups('a')).toEqual({ a: ['a/x', 'a/b'], '': ['top'] });
  expect(groups('a', 'a/b')).toEqual({ a: ['a/x'], 'a/b': ['a/b/y', 'a/b/z'], '': ['top'] });
});

async function split(chunks: readonly string[], sizes: readonly number[]) {
  const got = sizes.map(() => '');
  let ended = 0;
  const stream = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  const exact = await splitStream(
    stream,
    sizes.map((size, index) => ({ size, index })),
    async ({ index }) => ({
      write: async (chunk) => {
        got[index] = `${got[index] ?? ''}${chunk.toString()}`;
      },
      end: async () => {
        ended += 1;
      },
    }),
  );
  return { exact, got, ended };
}

test('a stream is cut by sizes, whatever its chunks; too few and too many bytes are told', async () => {
  expect(await split(['abc', 'defg', 'h'], [2, 0, 4, 2])).toEqual({
    exact: true,
    got: ['ab', '', 'cdef', 'gh'],
    ended: 4,
  });
  expect(await split(['abc'], [2, 4, 1])).toEqual({ exact: false, got: ['ab', 'c', ''], ended: 3 });
  expect((await split(['abc'], [2])).exact).toBe(false);
  expect(await split([], [0, 0])).toEqual({ exact: true, got: ['', ''], ended: 2 });
});

test('arguments are cut into commands that a system takes', () => {
  const long = 'x'.repeat(100_000);
  const commands = inArguments(Array.from({ length: 12 }, (_, i) => `${long}${i}`));
  expect(commands.map(({ length }) => length)).toEqual([5, 5, 2]);
  expect(inArguments([])).toEqual([]);
});
