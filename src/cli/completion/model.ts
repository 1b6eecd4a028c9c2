import type { Command, Option, Options } from '../command.ts';
import { GLOBAL_OPTIONS } from '../global-options.ts';

/** One option as a shell completes it. */
export interface CompletedOption {
  /** `-r`, `--run-id`. */
  readonly names: readonly string[];
  readonly help: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  /** Whether the program itself knows the values: the records hold them. */
  readonly isAsked: boolean;
}

/** One command line prefix (`artifacts list`) and what may follow it. */
export interface CompletedCommand {
  readonly words: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** What its operands may be, when that is a closed list; else they are files, as far as a shell can tell. */
  readonly operands: readonly string[];
  /** Whether the program itself knows what its operands may be. */
  readonly asksOperands: boolean;
}

/** What the shells need to know: nouns, their verbs, the options of each. */
export interface CompletionModel {
  /** First words: nouns and commands without a verb, with what they do. */
  readonly first: readonly { readonly word: string; readonly help: string }[];
  readonly verbs: Readonly<Record<string, readonly { readonly word: string; readonly help: string }[]>>;
  readonly commands: readonly CompletedCommand[];
}

/** `-r` and `--run-id` of `-r, --run-id <id>`. */
export function namesOfOption({ flags }: Option): readonly string[] {
  return flags
    .replace(/[<[].*$/, '')
    .split(/[ ,|]+/)
    .filter((name) => name.startsWith('-'));
}

function completed(option: Option): CompletedOption {
  return {
    names: namesOfOption(option),
    help: option.help,
    takesValue: option.kind !== 'flag',
    choices: option.choices ?? [],
    isAsked: option.completes !== undefined,
  };
}

function optionsOf(options: Options): readonly CompletedOption[] {
  const visible = Object.values<Option>({ ...options, ...GLOBAL_OPTIONS }).filter((option) => !option.hidden);
  return [
    ...visible.map(completed),
    { names: ['-h', '--help'], help: 'show help', takesValue: false, choices: [], isAsked: false },
  ];
}

/** Every way to write a command: `artifacts list`, `runs get`, `runs describe`. */
export function namesOf(command: Command): readonly string[] {
  const [noun = '', verb] = command.name.split(' ');
  if (verb === undefined) return [noun];
  return [verb, ...(command.aliases ?? [])].map((each) => `${noun} ${each}`);
}

/** Makes the model from the commands' declarations. */
export function completionModel(
  commands: readonly Command[],
  groups: Readonly<Record<string, string>>,
): CompletionModel {
  const first = new Map<string, string>();
  const verbs: Record<string, { word: string; help: string }[]> = {};
  const found: CompletedCommand[] = [];
  for (const command of commands) {
    const operands = (command.arguments ?? []).flatMap(({ choices }) => choices ?? []);
    const asksOperands = (command.arguments ?? []).some(({ completes }) => completes !== undefined);
    for (const words of namesOf(command)) {
      const [noun = '', verb] = words.split(' ');
      first.set(noun, verb === undefined ? command.summary : (groups[noun] ?? noun));
      if (verb !== undefined) (verbs[noun] ??= []).push({ word: verb, help: command.summary });
      found.push({
        words,
        summary: command.summary,
        options: optionsOf(command.options),
        operands,
        asksOperands,
      });
    }
  }
  return { first: [...first].map(([word, help]) => ({ word, help })), verbs, commands: found };
}
