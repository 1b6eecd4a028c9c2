import { asFailure, type Failure } from '../../../core/failure.ts';
import type { ReportFile } from '../../../gc/report-file.ts';
import type { Outcome } from '../../../gc/item.ts';
import { createCounter } from '../../../gc/tally.ts';
import { closeAfter, type Garbage, type Skipped } from '../../../session/gc/garbage.ts';
import type { Session } from '../../../session/session.ts';
import { command, type View } from '../../command.ts';
import type { GcItem, GcSummary } from '../../output/gc.ts';
import { createItemChannel } from '../artifacts/item-channel.ts';
import { GC_OPTIONS, readAsk, refuseTwoWorkspaces, type GcValues } from './gc-options.ts';
import { gcSummaryLine } from './gc-summary.ts';
import { gcFailure, gcItem, gcLine } from './gc-view.ts';
import { createMetricsFile, type MetricsFile } from './metrics-file.ts';
import { readSweep } from './sweep-options.ts';

interface Files {
  readonly report?: ReportFile | undefined;
  readonly metrics: MetricsFile;
}

/** Outcomes one by one, while they come about; the garbage is closed behind the last. */
async function* outcomes(garbage: Garbage, dryRun: boolean): AsyncGenerator<Outcome> {
  let collected: Promise<void> | undefined;
  let close = (): Promise<void> => garbage.close();
  try {
    if (dryRun) {
      yield* garbage.planned();
      return;
    }
    const channel = createItemChannel<Outcome>();
    collected = garbage
      .collect(async (outcome) => {
        channel.put(outcome);
        await channel.room(garbage.signal);
      })
      .then(
        () => channel.end(),
        (thrown: unknown) => channel.end({ thrown }),
      );
    yield* channel.items;
  } catch (thrown) {
    close = () => closeAfter(() => garbage.close());
    throw thrown;
  } finally {
    // Who listens no more, as when a report cannot be written, waits for what is under way, not for the rest.
    garbage.stop();
    await collected;
    await close();
  }
}

/** Shows a gc while it runs, and writes its report meanwhile and its metrics at the end. */
function shown(garbage: Garbage, dryRun: boolean, { report, metrics }: Files): View<GcItem> {
  const counter = createCounter();
  const { tally } = counter;
  const { leftOut, mode } = garbage;
  const summary = (): GcSummary => ({
    mode,
    backend: garbage.label,
    dry_run: dryRun,
    counts: tally.counts,
    objects: tally.objects,
    bytes: tally.bytes,
    not_freed: tally.notFreed,
    left_out: leftOut,
  });
  const reported = async function* (): AsyncGenerator<GcItem> {
    try {
      for await (const outcome of outcomes(garbage, dryRun)) {
        counter.count(outcome);
        const item = gcItem(outcome);
        report?.put(JSON.stringify(item));
        yield item;
      }
    } finally {
      report?.put(JSON.stringify({ schema: 'mlstow.gc/1', ...summary() }));
      await report?.close();
    }
  };
  const items = async function* (): AsyncGenerator<GcItem> {
    let failure: Failure | undefined;
    try {
      yield* reported();
    } catch (thrown) {
      failure = asFailure(thrown, 'gc');
      throw thrown;
    } finally {
      await metrics.write(tally, failure ?? gcFailure(tally, dryRun));
    }
  };
  return {
    items: items(),
    data: () => ({ ...summary() }),
    text: async function* (found) {
      for await (const item of found) yield gcLine(item, dryRun);
      yield gcSummaryLine(mode, tally, leftOut, dryRun);
    },
    quiet: async function* (found) {
      for await (const { action, id } of found) if (action === 'delete') yield `${id}\n`;
    },
    failure: () => gcFailure(tally, dryRun),
  };
}

function lockedView(session: Session): View<GcItem> {
  session.notify('another gc is at work; nothing was done');
  const counts = createCounter().tally.counts;
  const summary: GcSummary = {
    mode: 'rows',
    backend: '',
    dry_run: false,
    counts,
    objects: 0,
    bytes: 0,
    not_freed: 0,
    left_out: {},
    locked: true,
  };
  return { items: [], data: () => ({ ...summary }), text: () => [], quiet: () => [] };
}

interface Ready {
  readonly garbage: Garbage | Skipped;
  /** Whether it is only reported. */
  readonly dryRun: boolean;
  /** Whether a person has to say yes. */
  readonly asks: boolean;
}

async function findRows(session: Session, values: GcValues): Promise<Ready> {
  const { findGarbage, needsAnswer } = await import('../../../session/gc/collect-garbage.ts');
  const ask = readAsk(values, session.world.cwd);
  const asks = needsAnswer(session, ask);
  const garbage = await findGarbage(session, { ...ask, asks });
  return { garbage, asks, dryRun: ask.dryRun || ask.planFile !== undefined };
}

async function find(session: Session, values: GcValues): Promise<Ready> {
  refuseTwoWorkspaces(values);
  const sweep = readSweep(values, session.world.cwd, session.config.get('gc.yes'));
  if (!sweep) return findRows(session, values);
  const dryRun = !sweep.deletes;
  if (sweep.mode === 'orphans') {
    const { findOrphans } = await import('../../../session/gc/find-orphans.ts');
    return { garbage: await findOrphans(session, sweep), dryRun, asks: false };
  }
  const { findUploadsLeft } = await import('../../../session/gc/find-uploads.ts');
  return { garbage: await findUploadsLeft(session, sweep), dryRun, asks: false };
}

/** @throws Failure whatever refuses it before anything is done */
async function begin(session: Session, values: GcValues, metrics: MetricsFile): Promise<View<GcItem>> {
  const { garbage, asks, dryRun } = await find(session, values);
  if (garbage === 'locked') return lockedView(session);
  try {
    if (asks && garbage.going > 0) {
      const { confirm } = await import('./confirm.ts');
      await confirm(session, garbage);
    }
    const { openReport } = await import('../../../gc/report-file.ts');
    const report = values.report === undefined ? undefined : await openReport(values.report);
    return shown(garbage, dryRun, { report, metrics });
  } catch (thrown) {
    await closeAfter(() => garbage.close());
    throw thrown;
  }
}

export const gc = command({
  name: 'gc',
  summary: 'Remove for good what was deleted, with its files, and nothing that somebody still needs.',
  details: [
    'Selectors narrow and never widen; without one nothing is removed, and the message says how much there is. Files go first, then the rows. What a registered model version, an active logged model or another run still needs is kept and listed.',
    'On a terminal the plan is shown and confirmed. --dry-run only looks; --plan FILE and --apply FILE [--shard I/N] let a person read the plan, or many jobs share it.',
  ],
  examples: [
    'mlstow gc --backend-store-uri sqlite:///mlflow.db --older-than 30d --dry-run',
    'mlstow gc --backend-store-uri postgresql://mlflow@db/mlflow --older-than 30d',
    'mlstow gc --run-ids $RUN_ID --yes',
    'mlstow gc --all-deleted --plan plan.jsonl && mlstow gc --apply plan.jsonl --shard 0/8',
    'mlstow gc --orphans --root s3://bucket/mlflow --also-backend postgresql://mlflow@db/staging',
    'mlstow gc --incomplete-uploads --older-than 2d --yes',
  ],
  options: GC_OPTIONS,
  async run(session, values): Promise<View<GcItem>> {
    const metrics = createMetricsFile(session, values.metricsFile);
    try {
      return await begin(session, values, metrics);
    } catch (thrown) {
      await metrics.write(createCounter().tally, asFailure(thrown, 'gc'));
      throw thrown;
    }
  },
});
