import { chmod, chown } from 'node:fs/promises';
import { bedFolder } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun, runCommand } from './run-command.ts';

/** Whether tests run as root: Debian's packages can be installed then, and servers run as users of their own. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Installs a package of Debian where a program of it is missing, which needs root. At run level 1 Debian starts no daemon;
 * one that runs all the same is stopped.
 */
export async function debianPackage(name: string, program: string, service: string): Promise<void> {
  await cached(name, 'debian', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const isThere = (await runCommand('sh', ['-c', `ls ${program}`])).code === 0;
    if (isThere) return;
    const install = `apt-get update -q && apt-get install -qy --no-install-recommends ${name}`;
    await mustRun('sh', ['-c', install], { env });
    await runCommand('service', [service, 'stop']);
  });
}

/** A bed's folder that the server's own user may write to. */
export async function folderOf(name: string, user: string): Promise<string> {
  const dir = await bedFolder(name);
  await chmod(dir, 0o755);
  if (!isRoot()) return dir;
  const id = async (flag: string) => Number((await mustRun('id', [flag, user])).stdout);
  await chown(dir, await id('-u'), await id('-g'));
  return dir;
}
