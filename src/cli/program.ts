import { Command as Commander, CommanderError, Option as CommanderOption } from 'commander';
import type { Key } from '../config/settings/index.ts';
import { asFailure, exitCodeOf, Failure } from '../core/failure.ts';
import type { Command, Option, Options } from './command.ts';
import { GROUPS } from './groups.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { failureJson, failureText } from './render/failure.ts';

type FlagValue = string | boolean | readonly string[];

/** What the command line asked for. */
export interface Invocation {
  readonly command: Command;
  readonly operands: readonly string[];
  /** By the names under which options are declared; unset ones are absent. */
  readonly values: Readonly<Record<string, FlagValue>>;
  /** Flags that set a setting, by its key. */
  readonly flags: Partial<Record<Key, FlagValue>>;
}

/** How the program talks while it parses: help, version, usage errors. */
export interface ParserOutput {
  out(text: string): void;
  err(text: string): void;
}

function addOption(to: Commander, option: Option, group?: string): void {
  const made = new CommanderOption(option.flags, option.help);
  if (option.choices) made.choices(option.choices);
  if (option.kind === 'list')
    made.argParser<readonly string[] | undefined>((value, before) => [...(before ?? []), value]);
  if (option.kind === 'text' && option.required) made.makeOptionMandatory();
  if (option.hidden) made.hideHelp();
  if (group) made.helpGroup(group);
  to.addOption(made);
}

/** The name under which commander keeps an option's value. */
function attribute(option: Option): string {
  return new CommanderOption(option.flags).attributeName();
}

function isNegative(option: Option): boolean {
  return option.flags.includes('--no-');
}

/** An empty value is an unset shell variable more often than a wish. */
function refuseEmpty(option: Option, value: FlagValue): void {
  if (value !== '' && !(Array.isArray(value) && value.includes(''))) return;
  throw new Failure({
    kind: 'usage',
    message: `${option.flags.replace(/ ?[<[].*$/, '')} was given an empty value`,
    hint: 'if it comes from a shell variable, that variable is not set',
    subject: 'command line',
  });
}

function collect(
  options: Options,
  given: Readonly<Record<string, unknown>>,
): Pick<Invocation, 'values' | 'flags'> {
  const values: Record<string, FlagValue> = {};
  const flags: Partial<Record<Key, FlagValue>> = {};
  for (const [name, option] of Object.entries(options)) {
    const raw = given[attribute(option)] as FlagValue | undefined;
    const value = isNegative(option) ? raw === false || undefined : raw;
    if (value === undefined) {
      if (option.kind === 'flag') values[name] = false;
      if (option.kind === 'list') values[name] = [];
      continue;
    }
    refuseEmpty(option, value);
    values[name] = value;
    if (option.setting) flags[option.setting] = value;
  }
  return { values, flags };
}

function leaf(command: Command, name: string, chosen: (invocation: Invocation) => void): Commander {
  const made = new Commander(name).description(command.summary);
  for (const operand of command.arguments ?? []) made.argument(operand.name, operand.help);
  for (const alias of command.aliases ?? []) made.alias(alias);
  for (const option of Object.values(command.options)) addOption(made, option);
  const own = new Set(Object.values(command.options).map(attribute));
  for (const option of Object.values<Option>(GLOBAL_OPTIONS)) {
    if (!own.has(attribute(option))) addOption(made, option, 'Global options:');
  }
  if (command.examples)
    made.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  made.action(() => {
    const given = made.optsWithGlobals();
    const operands = made.processedArgs
      .flat()
      .filter((operand): operand is string => typeof operand === 'string');
    chosen({ command, operands, ...collect({ ...GLOBAL_OPTIONS, ...command.options }, given) });
  });
  return made;
}

function build(
  commands: readonly Command[],
  version: string,
  chosen: (invocation: Invocation) => void,
): Commander {
  const program = new Commander('mlstow')
    .description('Create experiments, log, list and download MLflow artifacts, and know where they went.')
    .version(version, '--version', 'print the version')
    .enablePositionalOptions(false)
    .showHelpAfterError('Type --help after the command to see its options.');
  for (const option of Object.values<Option>(GLOBAL_OPTIONS)) addOption(program, option);
  const groups = new Map<string, Commander>();
  for (const command of commands) {
    const [noun = '', verb] = command.name.split(' ');
    if (verb === undefined) {
      program.addCommand(leaf(command, noun, chosen));
      continue;
    }
    let group = groups.get(noun);
    if (!group) {
      group = new Commander(noun).description(GROUPS[noun] ?? noun);
      groups.set(noun, group);
      program.addCommand(group);
    }
    group.addCommand(leaf(command, verb, chosen));
  }
  return program;
}

function prepare(command: Commander, output: ParserOutput): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => output.out(text),
    writeErr: (text) => output.err(text),
    outputError: (text, write) => write(text.replace(/^error: /, 'mlstow: ')),
  });
  for (const child of command.commands) prepare(child, output);
}

/**
 * Reads the command line.
 * @returns the invocation, or the exit code when parsing was the whole job (help, version, a usage error)
 */
export function parse(
  commands: readonly Command[],
  argv: readonly string[],
  version: string,
  output: ParserOutput,
): Invocation | number {
  let invocation: Invocation | undefined;
  const program = build(commands, version, (chosen) => {
    invocation = chosen;
  });
  const json = asksForJson(argv);
  prepare(program, json ? { ...output, err: () => undefined } : output);
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const failure = usageFailure(thrown);
    if (json) output.err(failureJson(failure));
    else if (thrown instanceof Failure) output.err(failureText(failure, false));
    return exitCodeOf(failure.kind);
  }
  return invocation ?? 2;
}

/** Whether errors are to be JSON, as far as that can be told of a command line that cannot be parsed. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, at) =>
      /^--output=jsonl?$/.test(word) || (word === '--output' && /^jsonl?$/.test(argv[at + 1] ?? '')),
  );
}

function usageFailure(thrown: unknown): Failure {
  if (!(thrown instanceof CommanderError)) return asFailure(thrown, 'command line');
  const message =
    thrown.code === 'commander.help' ? 'no command was given' : thrown.message.replace(/^error: /, '');
  return new Failure({
    kind: 'usage',
    message,
    hint: 'mlstow --help shows what there is',
    subject: 'command line',
  });
}
