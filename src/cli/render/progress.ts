import { formatBytes } from '../../core/bytes.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Session } from '../../session/session.ts';
import type { Observer } from '../../transfer/report.ts';

/** How often a long transfer says where it is when nobody watches a bar, in ms. */
const LINE_EVERY_MS = 30_000;

/** Bytes and files so far; shared by both ways to show them. */
interface Count {
  files: number;
  done: number;
  total: number;
  bytes: number;
}

/** An observer to be closed when the transfer ended. */
export interface Progress extends Observer {
  close(): void;
}

/** Shows a transfer: a bar in a terminal, else one line every 30 s; nothing with `-q`. */
export async function showProgress(session: Session, doing: string): Promise<Progress> {
  if (session.quiet) return counting({ show: () => undefined, close: () => undefined });
  return session.bars ? showBar(session, doing) : showLines(session, doing);
}

interface Display {
  show(count: Count): void;
  close(): void;
}

function counting(display: Display): Progress {
  const count: Count = { files: 0, done: 0, total: 0, bytes: 0 };
  const shown = (change: () => void) => {
    change();
    display.show(count);
  };
  return {
    planned: (files, bytes) => shown(() => Object.assign(count, { files, total: bytes })),
    progress: (bytes) => shown(() => (count.bytes += bytes)),
    done: () => shown(() => (count.done += 1)),
    failed: () => shown(() => (count.done += 1)),
    close: () => display.close(),
  };
}

async function showBar(session: Session, doing: string): Promise<Progress> {
  const { SingleBar, Presets } = (await import('cli-progress')).default;
  const bar = new SingleBar(
    {
      stream: session.world.stderr,
      hideCursor: true,
      clearOnComplete: true,
      format: `${doing} {bar} {percentage}% {moved} of {all}, {done} of {files} files, {rate}/s, {eta_formatted} left`,
    },
    Presets.shades_classic,
  );
  const { default: ora } = await import('ora');
  const spinner = ora({
    text: `${doing}: looking what there is`,
    stream: session.world.stderr,
    discardStdin: false,
  });
  spinner.start();
  let began = session.world.clock.now();
  let started = false;
  return counting({
    show: (count) => {
      const seconds = Math.max(0.001, (session.world.clock.now() - began) / 1000);
      const payload = {
        moved: formatBytes(count.bytes),
        all: formatBytes(count.total),
        done: count.done,
        files: count.files,
        rate: formatBytes(Math.round(count.bytes / seconds)),
      };
      if (started) {
        bar.update(Math.min(count.bytes, count.total), payload);
        return;
      }
      spinner.stop();
      began = session.world.clock.now();
      bar.start(count.total, 0, payload);
      started = true;
    },
    close: () => {
      spinner.stop();
      bar.stop();
    },
  });
}

function showLines(session: Session, doing: string): Progress {
  const began = session.world.clock.now();
  let latest: Count | undefined;
  const timer = setInterval(() => {
    if (!latest) return;
    const { done, files, bytes, total } = latest;
    const elapsed = formatDuration(Math.round((session.world.clock.now() - began) / 1000) * 1000);
    session.notify(
      `${doing}: ${done} of ${files} files, ${formatBytes(bytes)} of ${formatBytes(total)} after ${elapsed}`,
    );
  }, LINE_EVERY_MS);
  timer.unref();
  return counting({
    show: (count) => {
      latest = count;
    },
    close: () => clearInterval(timer),
  });
}
