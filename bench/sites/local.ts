import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { keptIn } from './served.ts';
import type { Site } from './site.ts';

/** A folder of this machine. */
export async function startLocalSite(bench: Bench): Promise<Site> {
  const location = join(bench.scratch, 'store');
  await mkdir(location);
  return {
    env: {},
    location,
    remote: (path) => join(location, path),
    rcloneFlags: () => ['--transfers', '32', '--checkers', '32'],
    stock: true,
    ...keptIn(location),
    stop: async () => undefined,
  };
}
