import { formatBytes } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';
import type { DownloadFile, MoveWhy, Planned, SkipWhy, UploadFile } from '../../../transfer/items.ts';
import type { View } from '../../command.ts';
import type { PlanItem } from '../../output/artifacts.ts';

type Items<F> = AsyncIterable<Planned<F>>;

/** What a dry run is of. */
export interface Dry {
  /** `logged to s3://…`, `downloaded to out`. */
  readonly done: string;
  readonly fields: Readonly<Record<string, string>>;
  /** For the failure that files which cannot be read lead to. */
  readonly subject: string;
}

/** Plan of an upload as items to show. */
export async function* uploadPlan(items: Items<UploadFile>): AsyncGenerator<PlanItem> {
  for await (const item of items) {
    if (item.kind !== 'file') yield otherItem(item);
    else {
      const { path, local, source, why } = item.file;
      yield { path, local, ...sizeOf(source.size), action: 'move', why };
    }
  }
}

/** Plan of a download as items to show; `localOf` tells where a name is on this machine. */
export async function* downloadPlan(
  items: Items<DownloadFile>,
  localOf: (name: string) => string,
): AsyncGenerator<PlanItem> {
  for await (const item of items) {
    if (item.kind !== 'file') yield otherItem(item);
    else {
      const { entry, name, why } = item.file;
      yield { path: entry.path, local: localOf(name), ...sizeOf(entry.size), action: 'move', why };
    }
  }
}

function otherItem(item: Exclude<Planned<UploadFile>, { readonly kind: 'file' }>): PlanItem {
  if (item.kind === 'folder') return { path: item.path, action: 'make-folder' };
  if (item.kind === 'trouble')
    return { path: item.path, local: item.local, action: 'fail', error: item.failure.message };
  const { path, local, bytes, why } = item.skipped;
  return { path, ...(local === undefined ? {} : { local }), ...sizeOf(bytes), action: 'skip', why };
}

function sizeOf(bytes: number | undefined): { readonly bytes?: number } {
  return bytes === undefined ? {} : { bytes };
}

/** Counts of a plan, while it is shown. */
interface Count {
  files: number;
  bytes: number;
  failed: number;
  first?: string;
  skipped: { [W in string]?: number };
}

/** Shows a plan: nothing was moved or made. */
export function planView(session: Session, items: AsyncIterable<PlanItem>, dry: Dry): View<PlanItem> {
  const count: Count = { files: 0, bytes: 0, failed: 0, skipped: {} };
  const counted = async function* (): AsyncGenerator<PlanItem> {
    for await (const item of items) {
      add(count, item);
      yield item;
    }
    const skipped = Object.entries(count.skipped).map(([why, times]) => `${times ?? 0} ${why}`);
    const left = skipped.length === 0 ? '' : `; skipped: ${skipped.join(', ')}`;
    session.notify(
      `dry run: ${count.files} ${count.files === 1 ? 'file' : 'files'}, ${formatBytes(count.bytes)} would be ${dry.done}${left}`,
    );
  };
  return {
    items: counted(),
    data: () => ({ ...dry.fields, dry_run: true, ...count, first: undefined }),
    text: linesOf,
    quiet: async function* (found) {
      for await (const { action, path } of found) if (action === 'move') yield `${path}\n`;
    },
    failure: () => failureOf(count, dry.subject),
  };
}

function add(count: Count, { action, bytes = 0, why, error }: PlanItem): void {
  if (action === 'move') {
    count.files += 1;
    count.bytes += bytes;
  } else if (action === 'fail') {
    count.failed += 1;
    if (error !== undefined) count.first ??= error;
  } else if (why !== undefined) count.skipped[why] = (count.skipped[why] ?? 0) + 1;
}

function failureOf({ failed, first = '' }: Count, subject: string): Failure | undefined {
  if (failed === 0) return undefined;
  const message = `${failed} ${failed === 1 ? 'file' : 'files'} would fail; the first: ${first}`;
  return new Failure({ kind: 'partial', message, subject });
}

/** The widest word of a verdict. */
const WIDTH = 'overwrite'.length;

async function* linesOf(items: AsyncIterable<PlanItem>): AsyncGenerator<string> {
  for await (const { action, why, path, bytes, error } of items) {
    const verdict: MoveWhy | SkipWhy | 'folder' | 'fails' =
      action === 'fail' ? 'fails' : ((why as MoveWhy | SkipWhy | undefined) ?? 'folder');
    const size = bytes === undefined ? '' : formatBytes(bytes);
    yield `${verdict.padEnd(WIDTH)}  ${size.padStart(10)}  ${path}${error === undefined ? '' : `: ${error}`}\n`;
  }
}
