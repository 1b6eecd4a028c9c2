import type { TraceValue } from '../core/io.ts';
import { redactUri } from '../core/redact.ts';
import type { World } from './session.ts';

/** Lines on stderr, for people or (JSON) for a log collector. */
export interface Log {
  notify(message: string): void;
  /** The same sentence is told once. */
  warn(message: string): void;
  trace(event: string, fields: Readonly<Record<string, TraceValue>>): void;
  /** Like `notify`; as JSON with the event and its fields, for programs. */
  event(event: string, message: string, fields: Readonly<Record<string, TraceValue>>): void;
}

/** Events that are told without `--verbose`: a wait that a person would otherwise take for a hang. */
const ALWAYS = new Set(['retry']);

function retryText(fields: Readonly<Record<string, TraceValue>>): string {
  const wait = Number(fields['waitMs']);
  const when = wait < 100 ? 'at once' : `in ${(wait / 1000).toFixed(1)} s`;
  return `${String(fields['reason'])}; trying again ${when} (${String(fields['retry'])} of ${String(fields['of'])})`;
}

function eventText(event: string, fields: Readonly<Record<string, TraceValue>>): string {
  if (event === 'retry') return retryText(fields);
  return `${event} ${Object.entries(fields)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')}`;
}

function redacted(fields: Readonly<Record<string, TraceValue>>): Readonly<Record<string, TraceValue>> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? redactUri(value) : value]),
  );
}

/** A log on the world's stderr. With `-q` only warnings are told. */
export function createLog(
  world: Pick<World, 'stderr' | 'clock'>,
  options: { readonly json: boolean; readonly quiet: boolean; readonly verbose: boolean },
): Log {
  const told = new Set<string>();
  // A bar may stand in the line; it is drawn anew below.
  const clear = world.stderr.isTTY && !options.json ? '\r\u001B[K' : '';
  const write = (level: string, message: string, fields: Readonly<Record<string, TraceValue>> = {}): void => {
    const safe = redactUri(message);
    const line = options.json
      ? JSON.stringify({
          time: new Date(world.clock.now()).toISOString(),
          level,
          message: safe,
          ...redacted(fields),
        })
      : `${clear}${level === 'warning' ? 'warning: ' : ''}${safe}`;
    world.stderr.write(`${line}\n`);
  };
  return {
    notify: (message) => {
      if (!options.quiet) write('info', message);
    },
    warn: (message) => {
      if (told.has(message)) return;
      told.add(message);
      write('warning', message);
    },
    trace: (event, fields) => {
      if (options.verbose || (ALWAYS.has(event) && !options.quiet))
        write('debug', eventText(event, fields), { event, ...fields });
    },
    event: (event, message, fields) => {
      if (!options.quiet) write('info', message, { event, ...fields });
    },
  };
}
