import { formatDuration } from '../core/duration.ts';
import { asFailure, exitCodeOf, Failure } from '../core/failure.ts';
import type { Session, World } from '../session/session.ts';
import type { Invocation } from './parse/invocation.ts';
import { failureJson, failureText } from './render/failure.ts';
import { render } from './render/render.ts';

/** The world of a process that may be told to stop. */
export interface ProcessWorld extends World {
  onSignal(handle: (signal: keyof typeof SIGNAL_CODES) => void): void;
  exit(code: number): void;
}

/** How long a stopped command may take to clean up before the process ends anyway, in ms. */
const STOP_MS = 4_500;
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What ends a command early: a signal, or the deadline. */
interface Stop {
  readonly signal: AbortSignal;
  /** The exit code of the signal that came, if one did. */
  readonly code: () => number | undefined;
  readonly abort: (reason: Failure) => void;
}

function stopOnSignals(world: ProcessWorld): Stop {
  const controller = new AbortController();
  let code: number | undefined;
  world.onSignal((signal) => {
    if (code !== undefined) {
      world.exit(code);
      return;
    }
    code = SIGNAL_CODES[signal];
    const forced = setTimeout(() => world.exit(SIGNAL_CODES[signal]), STOP_MS);
    forced.unref();
    controller.abort(new Failure({ kind: 'cancelled', message: `stopped by ${signal}`, subject: 'mlstow' }));
  });
  return { signal: controller.signal, code: () => code, abort: (reason) => controller.abort(reason) };
}

/**
 * Runs one command and tells its result, its warnings and its failure.
 * @returns the exit code
 */
export async function execute(invocation: Invocation, world: ProcessWorld): Promise<number> {
  const stop = stopOnSignals(world);
  const json = wantsJson(invocation);
  let session: Session | undefined;
  let failure: Failure | undefined;
  try {
    const { createSession } = await import('../session/create-session.ts');
    const { command, values, operands, flags } = invocation;
    const noProgress = values['noProgress'] === true;
    const judgesSettings = command.judgesSettings === true;
    const told = { flags, noProgress, judgesSettings, signal: stop.signal, stopCode: stop.code };
    session = await createSession(told, world);
    startDeadline(session, stop);
    const view = await command.run(session, values, operands);
    failure = await render(command.name, view, {
      mode: session.mode,
      quiet: session.quiet,
      stdout: world.stdout,
    });
  } catch (thrown) {
    failure = asFailure(thrown, invocation.command.name);
  }
  await session?.close();
  if (stop.signal.aborted && failure) failure = stop.signal.reason as Failure;
  if (!failure) return 0;
  const verbose = session?.verbose ?? false;
  const settings = session && verbose ? await decidingSettings(failure, session) : [];
  world.stderr.write(json(session) ? failureJson(failure) : failureText(failure, verbose, settings));
  return stop.code() ?? exitCodeOf(failure.kind);
}

/** The settings that a failure names, with the values that somebody gave them. */
async function decidingSettings(failure: Failure, session: Session): Promise<readonly string[]> {
  const { explainAll } = await import('../config/explain.ts');
  const named = new Set<string>(failure.facts.settings);
  return explainAll(session.config)
    .filter(({ key, value, origin }) => named.has(key) && value !== undefined && origin !== 'default')
    .map(({ key, value = '', origin = '' }) => `${key} = ${value} (${origin})`);
}

/** `--deadline`: the command stops as it does on a signal, with exit code 7. */
function startDeadline(session: Session, stop: Stop): void {
  const ms = session.config.get('cli.deadline');
  if (ms === undefined) return;
  const timer = setTimeout(() => {
    const message = `the deadline of ${formatDuration(ms)} has passed`;
    stop.abort(new Failure({ kind: 'deadline', message, subject: '--deadline', settings: ['cli.deadline'] }));
  }, ms);
  timer.unref();
}

/** Errors are JSON as soon as JSON was asked for, also when the settings could not be read. */
function wantsJson(invocation: Invocation): (session: Session | undefined) => boolean {
  const asked = invocation.values['output'] === 'json' || invocation.values['output'] === 'jsonl';
  return (session) => (session ? session.mode !== 'text' : asked);
}
