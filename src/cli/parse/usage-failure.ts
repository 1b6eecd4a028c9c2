import type { Command as Commander, CommanderError } from 'commander';
import { didYouMean } from '../../config/did-you-mean.ts';
import { Failure } from '../../core/failure.ts';

/** Commands of mlflow's that have no counterpart here. */
const STOCK_ONLY = new Set(
  'agent ai-commands assistant autolog crypto datasets db demo deployments mcp migrate-filestore models run sagemaker scorers skills traces'.split(
    ' ',
  ),
);

/** `mlstow artifacts list`: what to type. */
function pathOf(command: Commander): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** `artifacts list has no`, or `there is no`: messages begin with the program's name already. */
function hasNo(command: Commander): string {
  const [, path] = /^\S+ (.*)$/.exec(pathOf(command)) ?? [];
  return path === undefined ? 'there is no' : `${path} has no`;
}

function orOf(choices: readonly string[]): string {
  return choices.length < 2
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`;
}

function wordsOf(command: Commander): readonly string[] {
  return command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
}

function flagsOf(command: Commander): readonly string[] {
  return command.options.flatMap(({ long, hidden }) => (long != null && !hidden ? [long] : []));
}

/** The nearest word; of several that it begins, none. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const begun = candidates.filter((candidate) => candidate.startsWith(word));
  return begun.length === 1 ? begun[0] : didYouMean(word, candidates);
}

/** Verbs typed without their noun: `list` is `runs list` and others. */
function elsewhere(word: string, program: Commander): readonly string[] {
  return program.commands
    .filter((group) => wordsOf(group).includes(word))
    .map((group) => `${pathOf(group)} ${word}`);
}

function unknownCommand(command: Commander, word: string): readonly [message: string, hint: string] {
  const path = pathOf(command);
  const message = `${hasNo(command)} command ${JSON.stringify(word)}`;
  const isRoot = command.parent === null;
  const others = isRoot ? elsewhere(word, command) : [];
  if (others.length > 0) return [message, `did you mean ${orOf(others)}?`];
  const near = nearest(word, wordsOf(command));
  if (near !== undefined) return [message, `did you mean ${path} ${near}?`];
  if (isRoot && STOCK_ONLY.has(word))
    return [`${message}: mlstow does not do everything that mlflow does`, `type mlflow ${word}`];
  return [message, `there are ${wordsOf(command).join(', ')}`];
}

function explain(error: CommanderError, command: Commander, see: string): readonly [string, string?] {
  const told = error.message.replace(/^error: /, '').replace(/\.$/, '');
  const words = command.args;
  if (error.code === 'commander.unknownCommand') return unknownCommand(command, words[0] ?? '');
  const flag = /^unknown option '([^'=]*)/.exec(told)?.[1];
  if (flag !== undefined) {
    const near = nearest(flag, flagsOf(command));
    return [`${hasNo(command)} option ${flag}`, near === undefined ? see : `did you mean ${near}? ${see}`];
  }
  if (error.code === 'commander.excessArguments') {
    const extra = words[command.registeredArguments.length] ?? '';
    return [`${pathOf(command)} does not know what to do with ${JSON.stringify(extra)}`];
  }
  const missing = /^required option '(.*)' not specified$/.exec(told)?.[1];
  return [missing === undefined ? told : `${pathOf(command)} needs ${missing}`];
}

/** What is typed wrong in a command line, as one sentence, and what was probably meant. */
export function usageFailure(error: CommanderError, command: Commander): Failure {
  const path = pathOf(command);
  const see = `${path} --help shows its options and examples`;
  const [message, hint = see] = explain(error, command, see);
  return new Failure({ kind: 'usage', message, hint, subject: 'command line' });
}
