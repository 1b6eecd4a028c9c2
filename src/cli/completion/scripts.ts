import type { CompletedCommand, CompletedOption, CompletionModel } from './model.ts';
import type { Shell } from './shells.ts';

/** The completion script of a shell. */
export function completionScript(shell: Shell, model: CompletionModel): string {
  return { bash, zsh, fish }[shell](model);
}

const names = (options: readonly CompletedOption[]): string =>
  options.flatMap((option) => option.names).join(' ');

function bashCase({ words, options, operands }: CompletedCommand): string {
  const choices = options
    .filter((option) => option.choices.length > 0)
    .map((option) => `        ${option.names.join('|')}) words='${option.choices.join(' ')}' files='' ;;`);
  const valued = options
    .filter((option) => option.takesValue && option.choices.length === 0)
    .flatMap((option) => option.names);
  return [
    `    '${words}')`,
    `      words='${[...operands, names(options)].join(' ')}'${operands.length > 0 ? " files=''" : ''}`,
    `      case "$prev" in`,
    ...choices,
    `        ${valued.join('|')}) words='' files=yes ;;`,
    '      esac ;;',
  ].join('\n');
}

function bash(model: CompletionModel): string {
  const verbs = Object.entries(model.verbs).map(
    ([noun, list]) => `    '${noun}') words='${list.map(({ word }) => word).join(' ')}' files='' ;;`,
  );
  return `# bash completion for mlstow: source it, or put it where bash-completion looks.
_mlstow() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" words='' at='' files=yes
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${model.first.map(({ word }) => word).join(' ')} --help --version' -- "$cur"))
    return
  fi
  at="\${COMP_WORDS[1]}"
  case "$at" in
    ${Object.keys(model.verbs).join('|')})
      [ "$COMP_CWORD" -gt 2 ] && at="$at \${COMP_WORDS[2]}" ;;
  esac
  case "$at" in
${verbs.join('\n')}
${model.commands.map(bashCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ -z "$files" ] && return
  local IFS=$'\\n'
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -o bashdefault -F _mlstow mlstow
`;
}

const zshText = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, '\\$&');

function zshOption({ names: all, help, takesValue, choices }: CompletedOption): string {
  const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : '';
  const exclusive = all.length > 1 ? `'(${all.join(' ')})'{${all.join(',')}}` : `'${all[0] ?? ''}'`;
  return `${exclusive}'[${zshText(help)}]${value}'`;
}

function zsh(model: CompletionModel): string {
  const describe = (list: readonly { word: string; help: string }[]): string =>
    list.map(({ word, help }) => `'${word}:${zshText(help)}'`).join(' ');
  const verbs = Object.entries(model.verbs).map(
    ([noun, list]) => `      ${noun}) choices=(${describe(list)}); _describe 'command' choices ;;`,
  );
  const cases = model.commands.map(
    ({ words, options, operands }) =>
      `    '${words}')\n      _arguments -s \\\n        ${options.map(zshOption).join(' \\\n        ')} \\\n        '*:file:${operands.length > 0 ? `(${operands.join(' ')})` : '_files'}' ;;`,
  );
  return `#compdef mlstow
# zsh completion for mlstow: put it in a folder of $fpath.
_mlstow() {
  local at="\${words[2]}"
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${describe(model.first)})
    _describe 'command' choices
    return
  fi
  if (( CURRENT == 3 )); then
    case "$at" in
${verbs.join('\n')}
    esac
  fi
  case "$at" in
    ${Object.keys(model.verbs).join('|')}) at="$at \${words[3]}"; shift 2 words; (( CURRENT -= 2 )) ;;
    *) shift words; (( CURRENT -= 1 )) ;;
  esac
  case "$at" in
${cases.join('\n')}
  esac
}
_mlstow "$@"
`;
}

const fishText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishOption(condition: string, { names: all, help, takesValue, choices }: CompletedOption): string {
  const flags = all.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
  return `complete -c mlstow -n '${condition}' ${flags.join(' ')}${value} -d ${fishText(help)}`;
}

function fish(model: CompletionModel): string {
  const first = model.first.map(
    ({ word, help }) => `complete -c mlstow -f -n __fish_use_subcommand -a ${word} -d ${fishText(help)}`,
  );
  const verbs = Object.entries(model.verbs).flatMap(([noun, list]) =>
    list.map(
      ({ word, help }) =>
        `complete -c mlstow -f -n '__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${list.map((each) => each.word).join(' ')}' -a ${word} -d ${fishText(help)}`,
    ),
  );
  const options = model.commands.flatMap(({ words, options: all, operands }) => {
    const seen = words.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const values = operands.map((value) => `complete -c mlstow -f -n '${seen.join('; and ')}' -a ${value}`);
    return [...values, ...all.map((option) => fishOption(seen.join('; and '), option))];
  });
  return [
    '# fish completion for mlstow: put it in ~/.config/fish/completions.',
    ...first,
    ...verbs,
    ...options,
    '',
  ].join('\n');
}
