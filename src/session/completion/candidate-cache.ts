import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { World } from '../session.ts';
import type { Candidate } from './find-candidates.ts';

/** What was found, and when it was looked for. */
export interface CachedCandidates {
  /** Milliseconds since the epoch; 0 when nothing was found yet. */
  readonly foundAt: number;
  /** When somebody last set out to look. */
  readonly askedAt: number;
  readonly candidates: readonly Candidate[];
}

/** Candidates of earlier questions, kept in files that only this user reads. What cannot be read counts as absent. */
export interface CandidateCache {
  read(question: string): Promise<CachedCandidates | undefined>;
  write(question: string, found: CachedCandidates): Promise<void>;
}

const KEPT_MS = 7 * 86_400_000;

/** `$XDG_CACHE_HOME/mlstow/completion`, else below `~/.cache` (XDG Base Directory Specification 0.8). */
function folderOf({ env, home }: World): string {
  const named = env['XDG_CACHE_HOME'];
  return join(named !== undefined && isAbsolute(named) ? named : join(home, '.cache'), 'mlstow/completion');
}

function isCached(value: unknown): value is CachedCandidates {
  return typeof value === 'object' && value !== null && 'foundAt' in value && 'candidates' in value;
}

async function removeOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name));
    if (now - mtimeMs > KEPT_MS) await rm(join(folder, name), { force: true });
  }
}

/** The cache of this user. */
export function openCandidateCache(world: World): CandidateCache {
  const folder = folderOf(world);
  const fileOf = (question: string): string =>
    join(folder, `${createHash('sha256').update(question).digest('hex').slice(0, 32)}.json`);
  return {
    read: async (question) => {
      const text = await readFile(fileOf(question), 'utf8').catch(() => '');
      try {
        const parsed: unknown = JSON.parse(text);
        return isCached(parsed) ? parsed : undefined;
      } catch {
        return undefined;
      }
    },
    write: async (question, found) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const unfinished = join(folder, `.${randomUUID()}`);
      await writeFile(unfinished, JSON.stringify(found), { mode: 0o600 });
      await rename(unfinished, fileOf(question));
      await removeOld(folder, world.clock.now());
    },
  };
}
