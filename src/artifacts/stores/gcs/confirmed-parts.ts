import type { Io } from '../../../core/io.ts';
import type { Receipt } from '../../store.ts';
import { askStatus } from './resumable.ts';
import { lost, type UploadState } from './upload-state.ts';

/** Receipts of one page. */
const PAGE = 1000;

/**
 * The whole parts among the bytes that the service has. It tells no digest of them; the bytes after the last whole part
 * count when that part is put again.
 * @throws Failure not-found (to whoever attached): the session has ended
 */
export async function* confirmedParts(
  state: UploadState,
  partBytes: number,
  io: Io,
): AsyncGenerator<readonly Receipt[], void> {
  const outcome = await askStatus(state, '*', io);
  if ('finished' in outcome) throw lost(state, 'it is finished already');
  const whole = Math.floor(outcome.kept / partBytes);
  for (let from = 0; from < whole; from += PAGE) {
    yield Array.from({ length: Math.min(PAGE, whole - from) }, (_, index) => {
      const number = from + index + 1;
      return { number, offset: (number - 1) * partBytes, size: partBytes, tag: String(number) };
    });
  }
}
