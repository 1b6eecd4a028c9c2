import { join } from 'node:path';
import { cached } from '../bed-cache.ts';
import { mustRun } from '../run-command.ts';

/** A folder for NODE_PATH with the package `kerberos`, which is compiled: needs a C++ compiler and libkrb5-dev. */
export async function nodeKerberos(): Promise<string> {
  const dir = await cached('node-kerberos', '7.0.0', async (made) => {
    const quiet = ['--no-audit', '--no-fund', '--no-save'];
    await mustRun('npm', ['install', ...quiet, '--prefix', made, 'kerberos@7.0.0'], { cwd: made });
  });
  return join(dir, 'node_modules');
}
