import { COMPLETE } from './complete.ts';
import type { CompletedCommand, CompletedOption, CompletionModel } from './model.ts';

const namesOf = (options: readonly CompletedOption[]): readonly string[] =>
  options.flatMap((option) => option.names);

function caseLine(options: readonly CompletedOption[], then: string): readonly string[] {
  return options.length === 0 ? [] : [`        ${namesOf(options).join('|')}) ${then} ;;`];
}

function bashCase({ words, options, operands, asksOperands }: CompletedCommand): string {
  const choices = options
    .filter((option) => option.choices.length > 0)
    .flatMap((option) => caseLine([option], `words='${option.choices.join(' ')}' files='' asks=''`));
  const valued = options.filter((option) => option.takesValue && option.choices.length === 0);
  const first = [...operands, ...namesOf(options)].join(' ');
  return [
    `    '${words}')`,
    `      words='${first}'${operands.length > 0 || asksOperands ? " files=''" : ''}${asksOperands ? ' asks=yes' : ''}`,
    `      case "$prev" in`,
    ...choices,
    ...caseLine(
      valued.filter(({ isAsked }) => isAsked),
      "words='' files='' asks=yes",
    ),
    ...caseLine(
      valued.filter(({ isAsked }) => !isAsked),
      "words='' files=yes asks=''",
    ),
    '      esac ;;',
  ].join('\n');
}

const HELPERS = `# The words up to the cursor, without the cuts that bash makes at : and =, quotes taken off and plain variables filled
# in. cut is what stands before the part of the last word that bash replaces.
_mlstow_words() {
  local rest="\${COMP_LINE:-}" word bare i
  typed=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    bare="\${rest#"\${rest%%[![:space:]]*}"}"
    if [[ $i -gt 0 && -n "$rest" && -n "$word" && "$bare" == "$rest" ]]; then
      typed[\${#typed[@]}-1]+="$word"
    else
      typed+=("$word")
    fi
    rest="\${bare#"$word"}"
  done
  word="\${COMP_WORDS[COMP_CWORD]}"
  cut="\${typed[\${#typed[@]}-1]}"
  [[ "$word" == [=:] ]] || cut="\${cut%"$word"}"
  cut="\${cut//\\\\/}"
  for ((i = 0; i < \${#typed[@]}; i++)); do
    word="\${typed[i]}"
    if [[ "$word" =~ ^(--[a-z0-9-]+=)?\\"?\\$\\{?([A-Za-z_][A-Za-z0-9_]*)\\}?\\"?$ ]]; then
      word="\${BASH_REMATCH[2]}"
      typed[i]="\${BASH_REMATCH[1]}\${!word:-}"
    elif [[ "$word" == [\\"\\']* ]]; then
      word="\${word#[\\"\\']}"
      typed[i]="\${word%[\\"\\']}"
    else
      typed[i]="\${word//\\\\/}"
    fi
  done
}

# What the program itself knows: names, ids and paths of what is recorded.
_mlstow_ask() {
  local program=mlstow line found
  [[ "\${COMP_WORDS[0]}" == */* ]] && program="\${COMP_WORDS[0]}"
  while IFS= read -r line; do
    found="\${line%%$'\\t'*}"
    found="\${found#"$cut"}"
    [[ "$cur" == [\\"\\']* ]] || printf -v found '%q' "$found"
    COMPREPLY+=("$found")
  done < <("$program" ${COMPLETE} "\${typed[@]:1}" 2>/dev/null)
  compopt +o filenames 2>/dev/null
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[/:] ]] && compopt -o nospace 2>/dev/null
  return 0
}
`;

/** The script for bash 4 and later. */
export function bash(model: CompletionModel): string {
  const verbs = Object.entries(model.verbs).map(
    ([noun, list]) => `    '${noun}') words='${list.map(({ word }) => word).join(' ')}' files='' ;;`,
  );
  return `# bash completion for mlstow: source it, or put it where bash-completion looks.

${HELPERS}
_mlstow() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev words='' at='' files=yes asks=''
  local cut=''
  local -a typed
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${model.first.map(({ word }) => word).join(' ')} --help --version' -- "$cur"))
    return
  fi
  _mlstow_words
  prev="\${typed[\${#typed[@]}-2]}"
  case "\${typed[\${#typed[@]}-1]}" in
    --*=*) prev="\${typed[\${#typed[@]}-1]%%=*}"; [ "$cur" = '=' ] && cur='' ;;
  esac
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
  [[ -n "$asks" && "$cur" != -* ]] && _mlstow_ask
  [ -z "$files" ] && return
  local IFS=$'\\n'
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -o bashdefault -F _mlstow mlstow
`;
}
