import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Key } from '../config/settings/index.ts';
import { USUAL_RANGES } from '../transfer/run/fetch-ranges.ts';
import type { RangeRule } from '../transfer/run/fetching.ts';
import type { Journal } from '../transfer/run/journal/journal.ts';
import { openJournal, type Transfer } from '../transfer/run/journal/open-journal.ts';
import { createPace, widthAt } from '../transfer/run/pace.ts';
import type { RunOptions } from '../transfer/run/run-plan.ts';
import type { PartRule } from '../transfer/run/uploading.ts';
import type { Observer, Report } from '../transfer/report.ts';
import { retryPolicy } from './server.ts';
import type { Session } from './session.ts';

/** What the command line says of interrupted transfers: `keep` only where `--resume` was typed. */
export type Resume = 'usual' | 'keep' | 'never';

/** Who watches a transfer, and how fast it may be watched. */
export interface Watching {
  readonly observer: Observer;
  readonly mayGoOn?: () => Promise<void>;
}

/** How a transfer runs: by the settings, and by what an interrupted try of it left. */
export async function transferOptions(
  session: Session,
  { observer, mayGoOn }: Watching,
  resume: Resume,
  transfer: Transfer,
): Promise<RunOptions & { readonly journal: Journal | undefined }> {
  const { clock } = session.world;
  const limit = session.config.get('artifacts.bandwidthLimit');
  const journal = resume === 'never' ? undefined : await journalOf(session, transfer);
  const width = Math.min(session.workers, await mostOpen());
  return {
    workers: limit === undefined ? width : widthAt(limit, width),
    observer,
    clock,
    retry: retryPolicy(session.config),
    pace: limit === undefined ? undefined : createPace(limit, clock),
    journal,
    keepUnfinished: resume === 'keep',
    mayGoOn,
  };
}

/** Warns where many files are moved by processes of others: those keep no `--bwlimit`. */
export function warnOfPace(session: Session, label: string): void {
  if (session.config.get('artifacts.bandwidthLimit') === undefined) return;
  session.warn(`--bwlimit does not hold at ${label}: one command moves many files there, and knows no limit`);
}

/** `$XDG_STATE_HOME/mlstow/transfers`, else below `~/.local/state` (XDG Base Directory Specification 0.8). */
async function journalOf(session: Session, transfer: Transfer): Promise<Journal> {
  const { env, home, clock } = session.world;
  const named = env['XDG_STATE_HOME'];
  const state = named !== undefined && isAbsolute(named) ? named : join(home, '.local/state');
  const tell = (message: string) => session.notify(message);
  const folder = join(state, 'mlstow/transfers');
  return openJournal(transfer, { folder, tell, now: clock.now() }, session.io);
}

/** Runs a transfer; its journal is removed when everything arrived, else it stays for the next try. */
export async function keptBy(journal: Journal | undefined, run: () => Promise<Report>): Promise<Report> {
  let isWhole = false;
  try {
    const report = await run();
    isWhole = !report.stopped && report.failed === 0;
    return report;
  } finally {
    await journal?.close(isWhole);
  }
}

/** Files that a process has open anyway, and how many one unit of a transfer needs at most. */
const OPEN_ANYWAY = 32;
const OPEN_PER_UNIT = 3;

/** How many units may be under way so that files can still be opened, as far as the system tells. */
async function mostOpen(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(limit)) return Infinity;
  return Math.max(1, Math.floor((limit - OPEN_ANYWAY) / OPEN_PER_UNIT));
}

/** Whether somebody gave a value to any of these settings. */
function isExplicit({ config }: Session, ...keys: readonly Key[]): boolean {
  return keys.some((key) => !['default', 'server'].includes(config.resolved(key).origin.from));
}

/** Which files are fetched in ranges; a setting that somebody gave beats our own sizes. */
export function rangeRule(session: Session): RangeRule | undefined {
  const { config } = session;
  if (!config.get('artifacts.multipartDownload')) return undefined;
  const from = 'artifacts.multipartDownloadMinimumFileSize';
  const size = 'artifacts.multipartDownloadChunkSize';
  if (!isExplicit(session, from, size)) return USUAL_RANGES;
  return { fromBytes: config.get(from), rangeBytes: config.get(size) };
}

/** Which files are sent in parts, where a setting that somebody gave says so. */
export function partRule(session: Session): PartRule | 'never' | undefined {
  const { config } = session;
  if (!config.get('artifacts.multipartUpload')) return 'never';
  const from = 'artifacts.multipartUploadMinimumFileSize';
  const size = 'artifacts.multipartUploadChunkSize';
  if (!isExplicit(session, from, size)) return undefined;
  return { fromBytes: config.get(from), partBytes: config.get(size) };
}
