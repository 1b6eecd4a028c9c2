import { Failure } from '../core/failure.ts';
import type { CollectCounts } from '../tracking/collect.ts';

/** The most runs and models that may go at once: so many, or so many of a hundred. */
export interface MaxDelete {
  readonly text: string;
  readonly number: number;
  readonly percent: boolean;
}

/** Reads `500` or `10%`. @throws Failure usage */
export function readMaxDelete(text: string): MaxDelete {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const number = Number(digits);
  const isPercent = percent === '%';
  if (digits !== undefined && (isPercent ? number <= 100 : Number.isSafeInteger(number)))
    return { text, number, percent: isPercent };
  throw new Failure({
    kind: 'usage',
    message: `--max-delete ${JSON.stringify(text)} is neither a number nor a percentage`,
    hint: 'write 500 or 10%',
    subject: '--max-delete',
  });
}

/** Refuses to delete more runs and models than allowed. @throws Failure refused */
export function checkMaxDelete(max: MaxDelete, going: number, { runs, models }: CollectCounts): void {
  const all = runs.all + models.all;
  const most = max.percent ? Math.floor((all * max.number) / 100) : max.number;
  if (going <= most) return;
  throw new Failure({
    kind: 'refused',
    message: `${going} of ${all} runs and logged models would be deleted, and --max-delete ${max.text} allows ${most}`,
    hint: 'look at them with --dry-run, then narrow the selection or allow more',
    subject: '--max-delete',
  });
}
