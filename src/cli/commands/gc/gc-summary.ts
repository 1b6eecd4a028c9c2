import { formatBytes } from '../../../core/bytes.ts';
import { totalOf, type Tally } from '../../../gc/tally.ts';
import type { GcItem, GcSummary } from '../../output/gc.ts';

/** `1 run`, `2 runs`. */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

type Kind = GcItem['kind'];

const WORDS = {
  run: 'run',
  model: 'model',
  trace: 'trace',
  experiment: 'experiment',
  upload: 'unfinished upload',
} as const satisfies Record<Kind, string>;

const KINDS = Object.keys(WORDS) as Kind[];

/** Why something is not among the items, in words. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  young: 'younger than --older-than',
  undated: 'of unknown age',
  protected: 'protected by a tag',
  in_use: 'in use',
  elsewhere: 'outside of runs, models and traces',
};

const OTHERS = { keep: 'kept', skip: 'skipped', fail: 'failed', absent: 'absent' } as const;

function sizeOf(mode: GcSummary['mode'], { objects, bytes }: Tally): string {
  if (mode !== 'incomplete-uploads') return `${countOf(objects, 'object')}, ${formatBytes(bytes)}`;
  // Not every store tells what an upload holds.
  return bytes > 0 ? formatBytes(bytes) : '';
}

/** `2 runs, 1 model (3 objects, 12 B)`. */
export function wentOf(mode: GcSummary['mode'], tally: Tally, isPlan: boolean): string {
  const going = tally.counts.delete;
  const kinds = KINDS.filter((kind) => going[kind] > 0).map((kind) => countOf(going[kind], WORDS[kind]));
  const size = isPlan && mode === 'rows' ? '' : sizeOf(mode, tally);
  if (kinds.length === 0 && tally.objects > 0) return `no row to its end, but ${size}`;
  if (kinds.length === 0) return 'nothing';
  const what = `${mode === 'orphans' ? 'orphans of ' : ''}${kinds.join(', ')}`;
  return size === '' ? what : `${what} (${size})`;
}

/** The last line: what went, what did not, and why. */
export function gcSummaryLine(
  mode: GcSummary['mode'],
  tally: Tally,
  leftOut: Readonly<Record<string, number>>,
  isPlan: boolean,
): string {
  const others = (['keep', 'skip', 'fail', 'absent'] as const)
    .map((action) => ({ word: OTHERS[action], total: totalOf(tally, action) }))
    .filter(({ total }) => total > 0)
    .map(({ word, total }) => `; ${total} ${word}`);
  const out = Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `; ${count} left out: ${LEFT_OUT[why] ?? why}`);
  const held =
    tally.notFreed > 0
      ? `; ${formatBytes(tally.notFreed)} of that not freed: the bucket keeps older versions (--all-versions removes them too)`
      : '';
  const done = isPlan ? 'would delete' : 'deleted';
  return `${done} ${wentOf(mode, tally, isPlan)}${others.join('')}${out.join('')}${held}\n`;
}
