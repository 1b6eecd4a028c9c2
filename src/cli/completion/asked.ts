import type { Key } from '../../config/settings/index.ts';
import type { Command, Completes, Option } from '../command.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';
import { namesOf, namesOfOption } from './model.ts';

/** What a half-typed command line asks for. */
export interface AskedWord {
  readonly completes: Completes;
  /** What the word begins with already. */
  readonly typed: string;
  /** What stands before it in the same shell word: `--run-id=`. */
  readonly before: string;
  /** Options given so far that set a setting, by its key. */
  readonly flags: Partial<Record<Key, string | readonly string[]>>;
  /** Values of the options given so far, by the names under which they are declared. */
  readonly values: Readonly<Record<string, string>>;
}

interface Named {
  readonly key: string;
  readonly option: Option;
}

/** The command that the words name, and how many of them do. */
function commandOf(commands: readonly Command[], words: readonly string[]): [Command, number] | undefined {
  for (const length of [2, 1]) {
    const typed = words.slice(0, length).join(' ');
    const found = commands.find((command) => namesOf(command).includes(typed));
    if (found) return [found, length];
  }
  return undefined;
}

function optionsByName(command: Command): ReadonlyMap<string, Named> {
  const named = new Map<string, Named>();
  for (const [key, option] of Object.entries<Option>({ ...GLOBAL_OPTIONS, ...command.options }))
    for (const name of namesOfOption(option)) named.set(name, { key, option });
  return named;
}

/** Options given before the word that is being typed, the operands left out. */
function* given(words: readonly string[], options: ReadonlyMap<string, Named>): Generator<[Named, string]> {
  for (let i = 0; i < words.length; i += 1) {
    const [, name = '', , attached] = /^(-[^=]*)(=(.*))?$/s.exec(words[i] ?? '') ?? [];
    const named = options.get(name);
    if (!named || named.option.kind === 'flag') continue;
    const value = attached ?? words[(i += 1)];
    if (value !== undefined) yield [named, value];
  }
}

/**
 * Reads the words of a command line up to the one that is being typed, without the program's own name. Undefined when
 * that word is nothing that the records know.
 */
export function readAsked(commands: readonly Command[], words: readonly string[]): AskedWord | undefined {
  const found = commandOf(commands, words);
  if (!found) return undefined;
  const [command, length] = found;
  const before = words.slice(length, -1);
  const word = words.at(-1) ?? '';
  const options = optionsByName(command);
  const [, equals = '', value = word] = /^(--[^=]+=)(.*)$/s.exec(word) ?? [];
  const previous = options.get(equals === '' ? (before.at(-1) ?? '') : equals.slice(0, -1));
  const completes = completesAt(command, previous);
  if (completes === undefined) return undefined;
  return { completes, typed: value, before: equals, ...valuesOf(before, options) };
}

/** What stands after an option, or else where an operand may. */
function completesAt(command: Command, previous: Named | undefined): Completes | undefined {
  if (previous && previous.option.kind !== 'flag') return previous.option.completes;
  return command.arguments?.find((operand) => operand.completes !== undefined)?.completes;
}

function valuesOf(
  words: readonly string[],
  options: ReadonlyMap<string, Named>,
): Pick<AskedWord, 'flags' | 'values'> {
  const flags: Record<string, string | readonly string[]> = {};
  const values: Record<string, string> = {};
  for (const [{ key, option }, value] of given(words, options)) {
    values[key] = value;
    if (option.setting) flags[option.setting] = option.kind === 'list' ? [value] : value;
  }
  return { flags, values };
}
