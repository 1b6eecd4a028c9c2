import type { Journal } from '../../../../src/transfer/run/journal/journal.ts';
import { openJournal, type Transfer } from '../../../../src/transfer/run/journal/open-journal.ts';
import { io } from '../rig.ts';

/** The transfer that tests keep notes of. */
export const transfer: Transfer = {
  direction: 'upload',
  backend: 'memory',
  target: 'memory:',
  sources: ['/a'],
};

/** A journal, and what a person was told of it. */
export interface Opened {
  readonly journal: Journal;
  readonly told: readonly string[];
}

/** The journal of a transfer in a folder. */
export async function opened(folder: string, now = Date.now(), of: Transfer = transfer): Promise<Opened> {
  const told: string[] = [];
  const journal = await openJournal(of, { folder, now, tell: (message) => told.push(message) }, io);
  return { journal, told };
}
