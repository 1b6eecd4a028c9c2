import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** How long a lock without a readable owner is respected, in ms: the time between its creation and its pid file. */
const OWNERLESS_MS = 10_000;

/** The folder, outside the checkout, that keeps what beds install. */
export function bedCache(): string {
  return process.env['MLSTOW_BED_CACHE'] ?? join(homedir(), '.cache', 'mlstow-testbeds');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isStale(lock: string): Promise<boolean> {
  const owner = await readFile(join(lock, 'pid'), 'utf8').catch(() => '');
  if (owner !== '') return !isAlive(Number(owner));
  const made = await stat(lock).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > OWNERLESS_MS;
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    await writeFile(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  if (await isStale(lock)) {
    const aside = `${lock}.stale-${process.pid}`;
    await rename(lock, aside).catch(() => undefined);
    await rm(aside, { recursive: true, force: true });
  }
  return false;
}

/**
 * The folder of an installed bed, installed first when its `.complete` marker is missing. Test processes that ask for
 * the same one wait for each other; an installer that died leaves a lock that the next one takes over.
 */
export async function cached(
  name: string,
  version: string,
  install: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(bedCache(), `${name}-${version}`);
  const marker = join(dir, '.complete');
  const lock = `${dir}.lock`;
  await mkdir(bedCache(), { recursive: true });
  while (!(await exists(marker))) {
    if (!(await tryLock(lock))) {
      await wait(200);
      continue;
    }
    try {
      if (await exists(marker)) break;
      await rm(dir, { recursive: true, force: true });
      await mkdir(dir);
      await install(dir);
      await writeFile(marker, '');
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
  return dir;
}
