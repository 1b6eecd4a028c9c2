import { formatBytes } from '../../core/bytes.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Session } from '../../session/session.ts';
import type { Observer } from '../../transfer/report.ts';
import { createMeter, type Reading } from './transfer-meter.ts';

/** How often a long transfer says where it is when nobody watches a bar, and how often a bar is drawn, in ms. */
const LINE_EVERY_MS = 30_000;
const DRAW_EVERY_MS = 200;

/** An observer to be closed when the transfer ended. */
export interface Progress extends Observer {
  close(): void;
}

/** Shows a transfer: a bar in a terminal, else one line every 30 s; nothing with `-q`. */
export async function showProgress(session: Session, doing: string): Promise<Progress> {
  const meter = createMeter(session.world.clock);
  if (session.quiet) return { ...meter, close: () => undefined };
  const close = session.bars
    ? await drawBar(session, doing, () => meter.read())
    : tellLines(session, doing, () => meter.read());
  return { ...meter, close };
}

function seconds(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}

/** `1.2 GiB of 3.0 GiB, 10 of 20 files, 50.0 MiB/s, 12s left`; `…` stands where more is still being found. */
export function readingText({ bytes, total, over, files, known, rate, leftMs }: Reading): string {
  const more = known ? '' : '…';
  const left = leftMs === undefined ? [] : [`${seconds(leftMs)} left`];
  return [
    `${formatBytes(bytes)} of ${formatBytes(Math.max(bytes, total))}${more}`,
    `${over} of ${files}${more} files`,
    `${formatBytes(Math.round(rate))}/s`,
    ...left,
  ].join(', ');
}

/** `big.bin 40%`: the file that has been under way longest. */
export function slowestText({ slowest }: Reading): string {
  if (!slowest) return '';
  const { path, bytes, total } = slowest;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (total === undefined) return `${name} ${formatBytes(bytes)}`;
  return `${name} ${percentOf(bytes, total)}%`;
}

function percentOf(bytes: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((bytes / total) * 100));
}

const BAR_CELLS = 20;

/** One line that fits into `columns`. */
export function barLine(doing: string, reading: Reading, columns: number): string {
  const percent = percentOf(reading.bytes, Math.max(reading.bytes, reading.total));
  const full = Math.round((percent / 100) * BAR_CELLS);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_CELLS - full);
  const slowest = slowestText(reading);
  const end = slowest === '' ? '' : ` · ${slowest}`;
  const text = `${percent}% ${readingText(reading)}`;
  const line = `${doing} ${bar} ${text}`;
  const room = Math.max(0, columns - 1);
  return Array.from(`${line.length <= room ? line : `${doing} ${text}`}${end}`)
    .slice(0, room)
    .join('');
}

/**
 * What removes a line of so many characters from a terminal that was made narrower: most terminals wrap it then, and the
 * cursor stays in its last row. '' where it still fits.
 */
export function removeWrapped(characters: number, columns: number): string {
  const rowsAbove = Math.ceil(characters / Math.max(1, columns)) - 1;
  return rowsAbove > 0 ? `\x1b[${rowsAbove}A\r\x1b[J` : '';
}

async function drawBar(session: Session, doing: string, read: () => Reading): Promise<() => void> {
  const { stderr } = session.world;
  const { SingleBar } = (await import('cli-progress')).default;
  const { default: ora } = await import('ora');
  const spinner = ora({ text: `${doing}: looking what there is`, stream: stderr, discardStdin: false });
  spinner.start();
  let drawn = 0;
  const bar = new SingleBar({
    stream: stderr,
    hideCursor: true,
    clearOnComplete: true,
    // What a narrower terminal made of the last line is removed, so that the same line is drawn again.
    forceRedraw: true,
    format: () => {
      const line = barLine(doing, read(), stderr.columns || 80);
      drawn = line.length;
      return line;
    },
  });
  const tidy = () => void stderr.write(removeWrapped(drawn, stderr.columns || 80));
  stderr.on('resize', tidy);
  let started = false;
  const draw = (): void => {
    const reading = read();
    if (!started && reading.files === 0) return;
    if (!started) {
      spinner.stop();
      bar.start(1, 0);
      started = true;
    }
    bar.update(reading.total === 0 ? 0 : Math.min(1, reading.bytes / reading.total));
  };
  const timer = setInterval(draw, DRAW_EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    stderr.off('resize', tidy);
    spinner.stop();
    bar.stop();
  };
}

function tellLines(session: Session, doing: string, read: () => Reading): () => void {
  const timer = setInterval(() => {
    const reading = read();
    if (reading.files === 0) return;
    const { bytes, total, over, files, rate, elapsedMs } = reading;
    const slowest = slowestText(reading);
    const longest = slowest === '' ? '' : `; the longest under way: ${slowest}`;
    session.event('progress', `${doing}: ${readingText(reading)}, after ${seconds(elapsedMs)}${longest}`, {
      bytes,
      total,
      done: over,
      files,
      rate: Math.round(rate),
      elapsedMs,
    });
  }, LINE_EVERY_MS).unref();
  return () => clearInterval(timer);
}
