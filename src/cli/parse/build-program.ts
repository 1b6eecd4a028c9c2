import { Command as Commander, Option as CommanderOption } from 'commander';
import { variableNames } from '../../config/setting.ts';
import { declarationOf } from '../../config/settings/index.ts';
import type { Command, Option } from '../command.ts';
import { GROUPS } from '../groups.ts';
import {
  GLOBAL_OPTIONS,
  PLACEMENT_OPTIONS,
  SELECTION_OPTIONS,
  STORE_OPTIONS,
  TRANSFER_OPTIONS,
} from '../global-options.ts';
import { leafNotes, ROOT_NOTES } from './help-notes.ts';
import { attribute, collect, type Invocation } from './invocation.ts';

/** Options that many commands share stand together, below a command's own. */
const HELP_GROUPS = new Map<Option, string>(
  (
    [
      ['Which files:', SELECTION_OPTIONS],
      ['How they are moved:', TRANSFER_OPTIONS],
      ['Where artifacts may go:', PLACEMENT_OPTIONS],
      ['Reaching the store:', STORE_OPTIONS],
    ] as const
  ).flatMap(([group, options]) => Object.values(options).map((option) => [option, group] as const)),
);

/** What an option is for, and the variables that say the same. */
function helpOf({ help, setting }: Option): string {
  const variables = setting === undefined ? [] : variableNames(declarationOf(setting));
  return variables.length === 0 ? help : `${help} [${variables.join(', ')}]`;
}

function addOption(to: Commander, option: Option, group?: string): void {
  const made = new CommanderOption(option.flags, helpOf(option));
  if (option.choices) made.choices(option.choices);
  if (option.kind === 'list')
    made.argParser<readonly string[] | undefined>((value, before) => [...(before ?? []), value]);
  if (option.kind === 'text' && option.required) made.makeOptionMandatory();
  if (option.hidden) made.hideHelp();
  if (group) made.helpGroup(group);
  to.addOption(made);
}

function bare(command: Command, name: string): Commander {
  return new Commander(name).aliases(command.aliases ?? []);
}

function leaf(command: Command, name: string, chosen: (invocation: Invocation) => void): Commander {
  const paragraphs = [command.summary, ...(command.details ?? [])];
  const made = bare(command, name).summary(command.summary).description(paragraphs.join('\n\n'));
  for (const operand of command.arguments ?? []) made.argument(operand.name, operand.help);
  for (const option of Object.values(command.options)) addOption(made, option, HELP_GROUPS.get(option));
  const own = new Set(Object.values(command.options).map(attribute));
  for (const option of Object.values<Option>(GLOBAL_OPTIONS)) {
    if (!own.has(attribute(option))) addOption(made, option, 'Global options:');
  }
  made.addHelpText('after', leafNotes(command));
  made.action(() => {
    const given = made.optsWithGlobals();
    const operands = made.processedArgs
      .flat()
      .filter((operand): operand is string => typeof operand === 'string');
    chosen({ command, operands, ...collect({ ...GLOBAL_OPTIONS, ...command.options }, given) });
  });
  return made;
}

/**
 * The parser of these commands; it calls `chosen` with what was typed. The commands of a group that is not among the
 * `words` of the command line are names without options, which would be half of the work.
 */
export function buildProgram(
  commands: readonly Command[],
  words: readonly string[],
  version: string,
  chosen: (invocation: Invocation) => void,
): Commander {
  const program = new Commander('mlstow')
    .description(
      'Create experiments, log, list and download MLflow artifacts, and know where they went. Alone it shows where you are.',
    )
    .version(version, '--version', 'print the version')
    .enablePositionalOptions(false)
    .addHelpText('after', ROOT_NOTES);
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
    group.addCommand(words.includes(noun) ? leaf(command, verb, chosen) : bare(command, verb));
  }
  return program;
}
