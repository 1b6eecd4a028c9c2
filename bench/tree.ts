import { randomFillSync } from 'node:crypto';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How much there is. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** Files per folder of a made tree, unless told. */
const PER_FOLDER = 1000;
const BLOCK = 4 * 1024 ** 2;

/** Makes `files` files of `size` bytes each, `perFolder` to a folder; none can be compressed, and no two of 8 bytes or more are alike. */
export async function makeTree(
  folder: string,
  files: number,
  size: number,
  perFolder = PER_FOLDER,
): Promise<Amount> {
  const block = Buffer.alloc(Math.min(size, BLOCK));
  randomFillSync(block);
  for (let made = 0; made < files; made += 1) {
    const into = files > perFolder ? join(folder, `part-${Math.floor(made / perFolder)}`) : folder;
    if (made % perFolder === 0) await mkdir(into, { recursive: true });
    const handle = await open(join(into, `file-${String(made).padStart(6, '0')}.bin`), 'w');
    for (let left = size; left > 0; left -= block.length) {
      if (block.length >= 8) block.writeDoubleLE(made + left, 0);
      await handle.write(block, 0, Math.min(left, block.length));
    }
    await handle.close();
  }
  return { files, bytes: files * size };
}

/** What a folder holds, at any depth. */
export async function amountIn(folder: string): Promise<Amount> {
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return { files, bytes };
}
