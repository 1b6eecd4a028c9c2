import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { amountIn } from '../tree.ts';
import type { Site } from './site.ts';

/** `holds` and `clear` of a store whose files are in a folder of this machine. */
export function keptIn(folder: string): Pick<Site, 'holds' | 'clear'> {
  return {
    holds: async (path) => amountIn(join(folder, path)),
    clear: async (path) => rm(join(folder, path), { recursive: true, force: true }),
  };
}
