import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Entry } from './store.ts';
import { asFailure, Failure } from '../core/failure.ts';
import { comparePaths } from '../core/order.ts';

/** How many entries are held in memory. */
const CHUNK = 50_000;

/** Negative, zero or positive: the order in which listings come. */
export function compareEntries(a: Entry, b: Entry): number {
  return comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory');
}

/**
 * Entries in path order, whatever order they come in. Up to `chunk` of them are sorted in memory; more go through files
 * in a folder of their own below `scratch`, which is removed however this ends.
 * @throws Failure no-space, denied when the scratch files cannot be written; whatever the entries fail with
 */
export async function* sortEntries(
  pages: AsyncIterable<readonly Entry[]>,
  { scratch = tmpdir(), chunk = CHUNK }: { readonly scratch?: string; readonly chunk?: number } = {},
): AsyncGenerator<Entry> {
  let held: Entry[] = [];
  let folder: string | undefined;
  const runs: string[] = [];
  try {
    for await (const page of pages) {
      held.push(...page);
      if (held.length < chunk) continue;
      folder ??= await mkdtemp(join(scratch, 'mlstow-sort-')).catch(unwritableScratch);
      runs.push(await spill(held.sort(compareEntries), join(folder, `${runs.length}.jsonl`)));
      held = [];
    }
    held.sort(compareEntries);
    if (runs.length === 0) yield* held;
    else yield* merge([...runs.map(readRun), fromMemory(held)]);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function unwritableScratch(thrown: unknown): Promise<never> {
  const { code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof Failure || code === undefined) throw asFailure(thrown, 'scratch folder');
  throw new Failure(
    {
      kind: code === 'ENOSPC' || code === 'EDQUOT' ? 'no-space' : 'denied',
      message: `a long listing cannot be sorted: its scratch files cannot be written (${code})`,
      hint: 'set TMPDIR to a folder with room',
      subject: 'scratch folder',
    },
    thrown,
  );
}

async function spill(entries: readonly Entry[], file: string): Promise<string> {
  const out = createWriteStream(file, { mode: 0o600 });
  try {
    for (const entry of entries) {
      if (!out.write(`${JSON.stringify(entry)}\n`)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
  } catch (thrown) {
    return await unwritableScratch(thrown);
  } finally {
    out.destroy();
  }
  return file;
}

async function* readRun(file: string): AsyncGenerator<Entry> {
  const input = createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const { modified, ...entry } = JSON.parse(line) as Omit<Entry, 'modified'> & { modified?: string };
      yield modified === undefined ? entry : { ...entry, modified: new Date(modified) };
    }
  } finally {
    input.destroy();
  }
}

async function* fromMemory(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries;
}

/** The next entry of one run. */
interface Head {
  readonly run: AsyncGenerator<Entry>;
  readonly entry: Entry;
}

async function headOf(run: AsyncGenerator<Entry>): Promise<Head | undefined> {
  const next = await run.next();
  return next.done === true ? undefined : { run, entry: next.value };
}

/** Runs are few (a million entries make twenty), so that looking at every head is cheap. */
async function* merge(runs: readonly AsyncGenerator<Entry>[]): AsyncGenerator<Entry> {
  try {
    const heads = (await Promise.all(runs.map(headOf))).filter((head) => head !== undefined);
    while (heads.length > 0) {
      const at = heads.reduce(
        (best, { entry }, index) => (compareEntries(entry, heads[best]?.entry ?? entry) < 0 ? index : best),
        0,
      );
      const [first] = heads.splice(at, 1);
      if (!first) return;
      yield first.entry;
      const next = await headOf(first.run);
      if (next) heads.splice(at, 0, next);
    }
  } finally {
    for (const run of runs) await run.return(undefined);
  }
}
