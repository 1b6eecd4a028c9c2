import { Readable, Writable } from 'node:stream';
import { commands } from '../../src/cli/commands/index.ts';
import { execute, type ProcessWorld } from '../../src/cli/execute.ts';
import { parse } from '../../src/cli/parse/parse.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';

/** What a command said and how it ended. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs; nothing of the test process's own environment is passed on. */
export interface CliPlace {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `cwd` unless told. */
  readonly home?: string;
  /** What standard input holds; it is never a terminal. */
  readonly stdin?: string | Readable;
  readonly clock?: Clock;
  /** Told what the command starts on its own; nothing is started. */
  readonly inBackground?: (args: readonly string[]) => void;
  /** Given a function that sends the command a signal. */
  readonly onStart?: (send: (signal: 'SIGINT' | 'SIGTERM') => void) => void;
}

class Collected extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Runs one command line in this process, as `main.ts` would. */
export async function runCli(args: readonly string[], place: CliPlace): Promise<CliResult> {
  const stdout = new Collected();
  const stderr = new Collected();
  const stdin =
    place.stdin instanceof Readable ? place.stdin : Readable.from(place.stdin ? [place.stdin] : []);
  const invocation = parse(commands, args, '0.0.0-test', {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
  });
  let ended = false;
  const code = typeof invocation === 'number' ? invocation : await execute(invocation, world());
  ended = true;
  return { code, stdout: stdout.text, stderr: stderr.text };

  function world(): ProcessWorld {
    return {
      env: place.env ?? {},
      cwd: place.cwd,
      home: place.home ?? place.cwd,
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      clock: place.clock ?? systemClock,
      adopt: () => undefined,
      inBackground: async (args) => place.inBackground?.(args),
      onSignal: (handle) => place.onStart?.(handle),
      exit: (status) => {
        if (ended) return;
        throw new Error(`the command did not stop by itself and would have been ended with ${status}`);
      },
    };
  }
}

/** Runs a command that must succeed and gives its standard output. */
export async function mustRunCli(args: readonly string[], place: CliPlace): Promise<string> {
  const result = await runCli(args, place);
  if (result.code !== 0) {
    throw new Error(`mlstow ${args.join(' ')} ended with ${result.code}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}
