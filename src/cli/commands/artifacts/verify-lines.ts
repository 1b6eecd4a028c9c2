import type { VerifyItem } from '../../output/artifacts.ts';

/** What each kind of difference is called, and what could not be compared. */
const WORDS: Readonly<Record<NonNullable<VerifyItem['differs']>, string>> = {
  'missing-here': 'missing here',
  'missing-there': 'missing there',
  size: 'size differs',
  content: 'content differs',
  kind: 'kind differs',
};
const FAILED = 'failed';
const WIDTH = 'content differs'.length;

/** How many lines wait for the end of a bar at most. */
const MOST_HELD = 1000;

function lineOf({ path, differs, detail, error }: VerifyItem): string {
  const more = error ?? detail;
  const word = differs === undefined ? FAILED : WORDS[differs];
  return `${word.padEnd(WIDTH)}  ${path}${more === undefined ? '' : `: ${more}`}\n`;
}

/**
 * A line for each item. Where a bar is drawn, lines wait until it is gone, so that they do not run into each other; of
 * very many, the bar gives way.
 */
export async function* linesOf(
  items: AsyncIterable<VerifyItem>,
  closeBar: (() => void) | undefined,
): AsyncGenerator<string> {
  let held: string[] | undefined = closeBar ? [] : undefined;
  for await (const item of items) {
    const line = lineOf(item);
    if (!held) yield line;
    else if (held.push(line) >= MOST_HELD) {
      closeBar?.();
      yield* held;
      held = undefined;
    }
  }
  yield* held ?? [];
}

/** Nothing, once all items came. */
export async function* drained(items: AsyncIterable<VerifyItem>): AsyncGenerator<string> {
  const names = items[Symbol.asyncIterator]();
  for (let next = await names.next(); next.done !== true; next = await names.next());
  yield* [];
}
