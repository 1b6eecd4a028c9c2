import { COMPLETE } from './complete.ts';
import type { CompletedOption, CompletionModel } from './model.ts';

const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, '\\$&');

function valueOf({ choices, takesValue, isAsked }: CompletedOption): string {
  if (choices.length > 0) return `:value:(${choices.join(' ')})`;
  if (isAsked) return ':value:_mlstow_ask';
  return takesValue ? ':value:_files' : '';
}

function optionSpec(option: CompletedOption): string {
  const { names, help } = option;
  // A long option takes its value also after =.
  const forms = names.map((name) => (option.takesValue && name.startsWith('--') ? `${name}=` : name));
  const exclusive = names.length > 1 ? `'(${names.join(' ')})'{${forms.join(',')}}` : `'${forms[0] ?? ''}'`;
  return `${exclusive}'[${quoted(help)}]${valueOf(option)}'`;
}

function operandSpec(operands: readonly string[], asks: boolean): string {
  if (asks) return '_mlstow_ask';
  return operands.length > 0 ? `(${operands.join(' ')})` : '_files';
}

/** The script for zsh. */
export function zsh(model: CompletionModel): string {
  const describe = (list: readonly { word: string; help: string }[]): string =>
    list.map(({ word, help }) => `'${word}:${quoted(help)}'`).join(' ');
  const verbs = Object.entries(model.verbs).map(
    ([noun, list]) => `      ${noun}) choices=(${describe(list)}); _describe 'command' choices; return ;;`,
  );
  const cases = model.commands.map(
    ({ words, options, operands, asksOperands }) =>
      `    '${words}')\n      _arguments -s \\\n        ${options.map(optionSpec).join(' \\\n        ')} \\\n        '*:value:${operandSpec(operands, asksOperands)}' ;;`,
  );
  return `#compdef mlstow
# zsh completion for mlstow: put it in a folder of $fpath.

# What the program itself knows: names, ids and paths of what is recorded.
_mlstow_ask() {
  local program=mlstow line value
  local -a folders others shown_folders shown_others
  [[ "$mlstow_typed[1]" == */* ]] && program="$mlstow_typed[1]"
  for line in "\${(@f)$("$program" ${COMPLETE} "\${(@)mlstow_typed[2,-1]}" 2>/dev/null)}"; do
    [[ -z "$line" ]] && continue
    value="\${line%%$'\\t'*}"
    [[ "$mlstow_typed[-1]" == --*=* ]] && value="\${value#*=}"
    if [[ "$value" == *[/:] ]]; then
      folders+=("$value") shown_folders+=("\${line/$'\\t'/  -- }")
    else
      others+=("$value") shown_others+=("\${line/$'\\t'/  -- }")
    fi
  done
  (( $#others )) && compadd -V values -ld shown_others -a others
  (( $#folders )) && compadd -V values -S '' -ld shown_folders -a folders
}

_mlstow() {
  local at="\${words[2]}" i
  local -a choices mlstow_typed
  mlstow_typed=("\${(@Q)words[1,CURRENT]}")
  for (( i = 2; i <= $#mlstow_typed; i++ )); do
    [[ "$mlstow_typed[i]" =~ '^[$][{]?([A-Za-z_][A-Za-z0-9_]*)[}]?$' ]] && mlstow_typed[i]="\${(P)match[1]}"
  done
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
