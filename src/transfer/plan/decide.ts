import { Failure } from '../../core/failure.ts';
import type { IfExists, MoveWhy, Planned } from '../items.ts';
import type { There } from './look-here.ts';
import type { Met } from './meet.ts';
import { verdictOf, type FileFacts } from './verdict.ts';

/** What deciding needs to know of one direction's files. */
export interface Side<F> {
  /** The destination's redacted name, for messages. */
  readonly label: string;
  /** The redacted name of the store, which may not tell when its files were modified. */
  readonly store: string;
  /** Whether the destination keeps `{ absent: true }`. */
  readonly keepsAbsent: boolean;
  /** Artifact path and place on this machine. */
  nameOf(file: F): { readonly path: string; readonly local: string };
  factsOf(file: F): FileFacts;
  /** Whether what is there is of an interrupted try of this very transfer: `fail` does not mind it. */
  readonly isOurs?: ((file: F, there: There) => boolean) | undefined;
  /** The same file with the reason for moving it; guarded, it is moved only while nothing is there. */
  because(file: F, why: MoveWhy, guard?: 'skip' | 'fail'): F;
}

/**
 * The plan with a reason for every file; what the policy leaves alone is skipped. Under `skip` and `fail` a file that
 * appears between the look and the move is not replaced, where the destination can keep that.
 * @throws Failure usage: the store does not tell what `newer` needs
 */
export async function* decide<F>(
  met: AsyncIterable<Met<F>>,
  policy: IfExists,
  side: Side<F>,
): AsyncGenerator<Planned<F>> {
  for await (const { item, there } of met) {
    yield item.kind === 'file' ? decideFile(item.file, there, policy, side) : item;
  }
}

function decideFile<F>(file: F, there: Met<F>['there'], policy: IfExists, side: Side<F>): Planned<F> {
  const facts = side.factsOf(file);
  const verdict = verdictOf(facts, there, policy);
  if (verdict === 'undecidable') throw undecidable(side.store);
  if ('move' in verdict) {
    const { move } = verdict;
    const guard = policy === 'skip' || policy === 'fail' ? policy : undefined;
    const isGuarded = side.keepsAbsent && move === 'new';
    return { kind: 'file', file: side.because(file, move, isGuarded ? guard : undefined) };
  }
  const bytes = facts.size === undefined ? {} : { bytes: facts.size };
  const detail = verdict.detail === undefined ? {} : { detail: verdict.detail };
  return { kind: 'skip', skipped: { ...side.nameOf(file), ...bytes, why: verdict.skip, ...detail } };
}

/** `newer` at a store that does not tell when its files were modified. */
export function undecidable(store: string): Failure {
  return new Failure({
    kind: 'usage',
    message: `--if-exists newer cannot be decided: ${store} does not tell when its files were modified`,
    hint: 'choose --if-exists skip, overwrite or fail',
    subject: '--if-exists',
  });
}

/**
 * Looks through a whole plan before the first byte.
 * @throws Failure exists: a file is there already, naming the first and how many
 */
export async function refuseExisting<F>(met: AsyncIterable<Met<F>>, side: Side<F>): Promise<void> {
  let first: string | undefined;
  let count = 0;
  for await (const { item, there } of met) {
    if (item.kind !== 'file' || !there || side.isOurs?.(item.file, there) === true) continue;
    first ??= side.nameOf(item.file).path;
    count += 1;
  }
  if (first === undefined) return;
  const all = count === 1 ? `${first} is` : `${first} and ${count - 1} more are`;
  throw new Failure({
    kind: 'exists',
    message: `${all} at ${side.label} already; nothing was moved`,
    hint: 'choose what is to happen then: --if-exists skip, newer or overwrite',
    subject: first,
  });
}
