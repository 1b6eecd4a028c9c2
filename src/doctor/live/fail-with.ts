import type { Failure } from '../../core/failure.ts';
import { fail, type Finding } from '../finding.ts';

/** A finding in the words of a failure; `usual` where it gives no hint. */
export function failWith({ message, facts }: Failure, usual: string, subject?: string): Finding {
  return fail(message, facts.hint ?? usual, subject);
}
