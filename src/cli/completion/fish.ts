import { COMPLETE } from './complete.ts';
import type { CompletedOption, CompletionModel } from './model.ts';

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function valueOf({ choices, takesValue, isAsked }: CompletedOption): string {
  if (choices.length > 0) return ` -x -a '${choices.join(' ')}'`;
  if (isAsked) return " -x -a '(__mlstow_ask)'";
  return takesValue ? ' -r' : '';
}

function optionLine(condition: string, option: CompletedOption): string {
  const flags = option.names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  return `complete -c mlstow -n '${condition}' ${flags.join(' ')}${valueOf(option)} -d ${quoted(option.help)}`;
}

/** The script for fish. */
export function fish(model: CompletionModel): string {
  const first = model.first.map(
    ({ word, help }) => `complete -c mlstow -f -n __fish_use_subcommand -a ${word} -d ${quoted(help)}`,
  );
  const verbs = Object.entries(model.verbs).flatMap(([noun, list]) =>
    list.map(
      ({ word, help }) =>
        `complete -c mlstow -f -n '__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${list.map((each) => each.word).join(' ')}' -a ${word} -d ${quoted(help)}`,
    ),
  );
  const options = model.commands.flatMap(({ words, options: all, operands, asksOperands }) => {
    const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const condition = seen.join('; and ');
    const values = operands.map((value) => `complete -c mlstow -f -n '${condition}' -a ${value}`);
    const asked = asksOperands ? [`complete -c mlstow -f -n '${condition}' -a '(__mlstow_ask)'`] : [];
    return [...values, ...asked, ...all.map((option) => optionLine(condition, option))];
  });
  return [
    '# fish completion for mlstow: put it in ~/.config/fish/completions.',
    '',
    '# What the program itself knows: names, ids and paths of what is recorded.',
    'function __mlstow_ask',
    '  set -l typed (commandline -opc)',
    '  set -l program mlstow',
    "  string match -q '*/*' -- $typed[1]; and set program $typed[1]",
    '  set -l words',
    '  for word in $typed[2..-1]',
    "    set -l name (string match -r -g '^[$]([A-Za-z_][A-Za-z0-9_]*)$' -- $word)",
    '    and set -a words $$name',
    '    or set -a words $word',
    '  end',
    `  $program ${COMPLETE} $words (commandline -ct) 2>/dev/null`,
    'end',
    '',
    ...first,
    ...verbs,
    ...options,
    '',
  ].join('\n');
}
