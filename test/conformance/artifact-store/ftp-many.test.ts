import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FtpBackend } from '../../../src/artifacts/stores/ftp/backend.ts';
import { startVsftpd, type FtpBed } from '../../testbeds/ftp.ts';
import { connectTo, storeIn } from '../../testbeds/ftp-store.ts';
import { listAndRemove } from './list-and-remove.ts';

const COUNT = process.env['MLSTOW_SOAK'] === undefined ? 2_500 : 10_000;
let bed: FtpBed;
let backend: FtpBackend;

/** A directory in which the server's user may remove. */
async function make(folder: string): Promise<string> {
  await mkdir(folder);
  await chmod(folder, 0o777);
  return folder;
}

beforeAll(async () => {
  bed = await startVsftpd();
  backend = connectTo(bed);
  const folder = await make(join(await make(join(bed.root, 'many')), 'dir'));
  for (let i = 0; i < COUNT; i += 1) await writeFile(join(folder, `file-${i}`), 'x');
});
afterAll(async () => {
  await backend.close();
  await bed.stop();
});

test('many files of one directory are listed page by page and removed as they come', async () => {
  await listAndRemove(storeIn(backend, bed, 'many'), COUNT);
  expect(await readdir(join(bed.root, 'many'))).toEqual([]);
});
