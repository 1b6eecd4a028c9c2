import type { Checksum } from '../../core/checksum.ts';
import type { IfExists, MoveWhy, SkipWhy } from '../items.ts';
import type { There } from './look-here.ts';

/** What is known of a file before it is moved. */
export interface FileFacts {
  /** Bytes. */
  readonly size?: number;
  /** ms since 1970; `now` for standard input. */
  readonly modified?: number | 'now';
  /** Known without reading it. */
  readonly checksums: readonly Checksum[];
}

export type Verdict =
  | { readonly move: MoveWhy }
  | { readonly skip: SkipWhy; readonly detail?: string }
  /** One side does not tell when it was modified. */
  | 'undecidable';

/**
 * What a policy makes of a file and of what is there. `same`: of one size, and of one whole checksum where both are
 * known, or with `newer` of one size and not newer. A folder in the way is not skipped: the move fails and says so.
 */
export function verdictOf(file: FileFacts, there: There | undefined, policy: IfExists): Verdict {
  if (!there) return { move: 'new' };
  const alike = isAlike(file, there);
  if (there.kind === 'directory') return { move: 'differs' };
  if (policy === 'newer') return newerVerdict(file, there, alike);
  if (policy === 'skip')
    return alike ? { skip: 'same' } : { skip: 'exists', detail: 'another content is there' };
  return { move: alike ? 'overwrite' : 'differs' };
}

function newerVerdict(file: FileFacts, there: There, alike: boolean): Verdict {
  if (file.modified === 'now') return { move: 'newer' };
  if (file.modified === undefined || there.modified === undefined) return 'undecidable';
  const here = Math.round(file.modified);
  const at = there.modified.getTime();
  if (here > at) return { move: 'newer' };
  if (here === at && file.size !== there.size) return { move: 'differs' };
  return alike ? { skip: 'same' } : { skip: 'older', detail: 'what is there was modified later' };
}

function isAlike(file: FileFacts, there: There): boolean {
  if (there.kind !== 'file' || file.size === undefined || file.size !== there.size) return false;
  return file.checksums.every((one) => there.checksums.every((other) => !contradicts(one, other)));
}

function contradicts(a: Checksum, b: Checksum): boolean {
  const isComparable = a.scope === 'whole' && b.scope === 'whole' && a.algorithm === b.algorithm;
  return isComparable && a.value !== b.value;
}
