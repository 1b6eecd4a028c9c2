import { comparePaths } from '../../core/order.ts';

/** A name on one side; names of both come in path order (see `comparePaths`), folders as `name/`. */
export interface Named<T> {
  readonly name: string;
  readonly isFolder: boolean;
  readonly item: T;
}

/** A name that is no folder, with what each side has under it. */
export interface Meeting<A, B> {
  readonly name: string;
  readonly there?: A;
  readonly here?: B;
  /** That the other side has a folder of this name. */
  readonly clash: boolean;
}

type Side = 'there' | 'here' | 'both';

interface Held<A, B> extends Meeting<A, B> {
  readonly side: Side;
}

/** The next name, and which sides have it. */
interface Step<A, B> {
  readonly side: Side;
  readonly there?: Named<A>;
  readonly here?: Named<B>;
}

/**
 * Two listings side by side, each read once. A name of one side alone is held back until it is known whether the other
 * side has a folder of that name: what is held is never more than the beginnings of one name.
 */
export async function* mergeSides<A, B>(
  there: AsyncIterable<Named<A>>,
  here: AsyncIterable<Named<B>>,
): AsyncGenerator<Meeting<A, B>> {
  const held: Held<A, B>[] = [];
  for await (const { side, there: a, here: b } of stepsOf(there, here)) {
    const next = a ?? b;
    if (!next) continue;
    yield* letGo(held, next, side);
    if (next.isFolder) continue;
    const items = { ...(a ? { there: a.item } : {}), ...(b ? { here: b.item } : {}) };
    const met = { name: next.name, ...items, clash: false };
    if (side === 'both') yield met;
    else held.push({ ...met, side });
  }
  yield* held.reverse();
}

/** Every name of either side, in path order. */
async function* stepsOf<A, B>(
  there: AsyncIterable<Named<A>>,
  here: AsyncIterable<Named<B>>,
): AsyncGenerator<Step<A, B>> {
  const left = there[Symbol.asyncIterator]();
  const right = here[Symbol.asyncIterator]();
  try {
    let [a, b] = [await take(left), await take(right)];
    while (a ?? b) {
      const order = orderOf(a, b);
      if (a && b && order === 0) yield { side: 'both', there: a, here: b };
      else if (a && order < 0) yield { side: 'there', there: a };
      else if (b) yield { side: 'here', here: b };
      if (order <= 0) a = await take(left);
      if (order >= 0) b = await take(right);
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

async function take<T>(names: AsyncIterator<Named<T>, unknown>): Promise<Named<T> | undefined> {
  const next = await names.next();
  return next.done === true ? undefined : next.value;
}

function orderOf(a: Named<unknown> | undefined, b: Named<unknown> | undefined): number {
  if (!a) return 1;
  return b ? comparePaths(a.name, b.name, a.isFolder, b.isFolder) : -1;
}

/** Gives what need not be held any longer, now that the listings have come to a name. */
function* letGo<A, B>(held: Held<A, B>[], next: Named<unknown>, side: Side): Generator<Meeting<A, B>> {
  const key = next.isFolder ? `${next.name}/` : next.name;
  for (let top = held.at(-1); top; top = held.at(-1)) {
    const isBelow = key.startsWith(`${top.name}/`);
    const isClash = isBelow && side !== top.side;
    if (!isClash && (isBelow || comparePaths(key, `${top.name}/`) < 0)) return;
    held.pop();
    yield isClash ? { ...top, clash: true } : top;
  }
}
