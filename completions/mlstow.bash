# bash completion for mlstow: source it, or put it where bash-completion looks.
_mlstow() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words='' at=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'artifacts resolve config completion --help --version' -- "$cur"))
    return
  fi
  at="${COMP_WORDS[1]}"
  case "$at" in
    artifacts|config)
      [ "$COMP_CWORD" -gt 2 ] && at="$at ${COMP_WORDS[2]}" ;;
  esac
  case "$at" in
    'artifacts') words='log log-artifact log-artifacts list download' ;;
    'config') words='list get' ;;
    'artifacts log')
      words='-r --run-id -a --artifact-path --name --shared-path --allow-local --trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        -r|--run-id|-a|--artifact-path|--name|--shared-path|--trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'artifacts log-artifact')
      words='-l --local-file -r --run-id -a --artifact-path --shared-path --allow-local --trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        -l|--local-file|-r|--run-id|-a|--artifact-path|--shared-path|--trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'artifacts log-artifacts')
      words='-l --local-dir -r --run-id -a --artifact-path --shared-path --allow-local --trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        -l|--local-dir|-r|--run-id|-a|--artifact-path|--shared-path|--trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'artifacts list')
      words='-r --run-id -u --artifact-uri -a --artifact-path -R --recursive --trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        -r|--run-id|-u|--artifact-uri|-a|--artifact-path|--trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'artifacts download')
      words='-r --run-id -a --artifact-path -u --artifact-uri -d --dst-path --trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        -r|--run-id|-a|--artifact-path|-u|--artifact-uri|-d|--dst-path|--trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'resolve')
      words='--trust-artifact-host --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        --trust-artifact-host|--tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'config list')
      words='--set --show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'config get')
      words='--show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
    'completion')
      words='--tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' ;;
        --log-format) words='text json' ;;
        --color) words='auto always never' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -o bashdefault -F _mlstow mlstow
