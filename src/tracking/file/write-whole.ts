import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileFailure } from './layout.ts';

/**
 * Writes a file in one step, with the folders above it: others see the old text or the new one. The temporary file is
 * in `besides`, a folder in which MLflow passes over files that it does not know.
 * @throws Failure denied, no-space
 */
export async function writeWhole(path: string, text: string, besides = dirname(path)): Promise<void> {
  const temporary = join(besides, `.mlstow.${randomUUID()}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw fileFailure(thrown, path);
  }
}
