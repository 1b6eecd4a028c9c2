import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

/**
 * Builds `write-on.ts` for a process of its own: `node FILE ROOT SIZE PAUSE_MS` writes files of SIZE bytes until it is
 * killed or a write fails, whose facts it then prints as JSON.
 */
export async function buildWriter(directory: string): Promise<string> {
  const file = join(directory, 'write-on.mjs');
  await build({
    input: fileURLToPath(new URL('./write-on.ts', import.meta.url)),
    platform: 'node',
    logLevel: 'warn',
    output: { file, format: 'esm' },
  });
  return file;
}
