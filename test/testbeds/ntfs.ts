import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun, runCommand } from './run-command.ts';

const IMAGE_BYTES = 16 * 1024 ** 2;

/** A mounted file system whose names ignore case. */
export interface NtfsBed extends Bed {
  /** The folder where it is mounted. */
  readonly folder: string;
}

/** Debian's ntfs-3g, where it is missing. Needs apt and root then. */
async function installed(): Promise<void> {
  const found = await runCommand('sh', ['-c', 'command -v lowntfs-3g mkntfs']);
  if (found.code === 0) return;
  await cached('ntfs-3g', 'debian', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await mustRun('apt-get', ['update', '-qq'], { env });
    await mustRun('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'ntfs-3g'], { env });
  });
}

/** Mounts an NTFS of its own that does not tell cases apart, by FUSE; needs root and /dev/fuse. */
export async function startNtfs(): Promise<NtfsBed> {
  await installed();
  const dir = await bedFolder('ntfs');
  const folder = join(dir, 'mounted');
  const image = join(dir, 'image');
  await mkdir(folder);
  const handle = await open(image, 'w');
  await handle.truncate(IMAGE_BYTES);
  await handle.close();
  await mustRun('mkntfs', ['-q', '-F', image]);
  const bed = await startProcess({
    name: 'ntfs',
    dir,
    file: 'lowntfs-3g',
    args: ['-o', 'ignore_case,no_detach', image, folder],
    env: bareEnvironment(dir),
    readyMs: 30_000,
    ready: async () => (await readFile('/proc/mounts', 'utf8')).includes(` ${folder} `),
  });
  return {
    folder,
    stop: async () => {
      await runCommand('umount', [folder]);
      await bed.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
