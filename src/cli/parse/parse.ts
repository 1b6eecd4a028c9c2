import { CommanderError, type Command as Commander } from 'commander';
import { asFailure, exitCodeOf, Failure } from '../../core/failure.ts';
import type { Command } from '../command.ts';
import { home } from '../commands/home.ts';
import { completeInvocation } from '../completion/complete.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';
import { failureJson, failureText } from '../render/failure.ts';
import { buildProgram } from './build-program.ts';
import { collect, type Invocation } from './invocation.ts';
import { usageFailure } from './usage-failure.ts';

/** How the program talks while it parses: help, version, usage errors. */
export interface ParserOutput {
  out(text: string): void;
  err(text: string): void;
}

/** Where parsing stopped, and what commander would have said. */
interface Stopped {
  at: Commander;
  said: string;
}

function prepare(command: Commander, output: ParserOutput, stopped: Stopped): void {
  command.exitOverride((error) => {
    stopped.at = command;
    throw error;
  });
  command.configureOutput({
    writeOut: (text) => output.out(text),
    writeErr: (text) => {
      stopped.said += text;
    },
  });
  for (const child of command.commands) prepare(child, output, stopped);
}

/**
 * Reads the command line; without a command it asks where we are.
 * @returns the invocation, or the exit code when parsing was the whole job (help, version, a usage error)
 */
export function parse(
  commands: readonly Command[],
  argv: readonly string[],
  version: string,
  output: ParserOutput,
): Invocation | number {
  const completing = completeInvocation(commands, argv);
  if (completing) return completing;
  let invocation: Invocation | undefined;
  const program = buildProgram(commands, argv, version, (chosen) => {
    invocation = chosen;
  });
  const stopped: Stopped = { at: program, said: '' };
  prepare(program, output, stopped);
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return refuse(thrown, argv, output);
    if (thrown.exitCode === 0) return 0;
    if (thrown.code !== 'commander.help') return refuse(usageFailure(thrown, stopped.at), argv, output);
    if (stopped.at !== program) return needsVerb(stopped, argv, output);
    return atHome(program, argv, output);
  }
  return invocation ?? exitCodeOf('usage');
}

function atHome(program: Commander, argv: readonly string[], output: ParserOutput): Invocation | number {
  try {
    return { command: home, operands: [], ...collect(GLOBAL_OPTIONS, program.opts()) };
  } catch (thrown) {
    return refuse(thrown, argv, output);
  }
}

/** A noun alone: what can be done with it, as a usage error. */
function needsVerb({ at, said }: Stopped, argv: readonly string[], output: ParserOutput): number {
  if (!asksForJson(argv)) {
    output.err(said);
    return exitCodeOf('usage');
  }
  const hint = `add one of ${at.commands.map((verb) => verb.name()).join(', ')}`;
  const message = `mlstow ${at.name()} needs a command`;
  return refuse(new Failure({ kind: 'usage', message, hint, subject: 'command line' }), argv, output);
}

function refuse(thrown: unknown, argv: readonly string[], output: ParserOutput): number {
  const failure = asFailure(thrown, 'command line');
  output.err(asksForJson(argv) ? failureJson(failure) : failureText(failure, false));
  return exitCodeOf(failure.kind);
}

/** Whether errors are to be JSON, as far as that can be told of a command line that cannot be parsed. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, at) =>
      /^--output=jsonl?$/.test(word) || (word === '--output' && /^jsonl?$/.test(argv[at + 1] ?? '')),
  );
}
