import { join } from 'node:path';
import { cached } from './bed-cache.ts';
import { goInstall } from './go-install.ts';

/** The release that is built, a peer of `bench/`. */
export const RCLONE_VERSION = '1.75.1';

/** The stock `rclone` command. Needs `go` on the PATH to be built. */
export async function rcloneCommand(): Promise<string> {
  const install = await cached('rclone', RCLONE_VERSION, (dir) =>
    goInstall(`github.com/rclone/rclone@v${RCLONE_VERSION}`, dir),
  );
  return join(install, 'rclone');
}
