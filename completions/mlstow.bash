# bash completion for mlstow: source it, or put it where bash-completion looks.
_mlstow() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words='' at='' files=yes
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'experiments runs artifacts gc doctor resolve config completion --help --version' -- "$cur"))
    return
  fi
  at="${COMP_WORDS[1]}"
  case "$at" in
    experiments|runs|artifacts|config)
      [ "$COMP_CWORD" -gt 2 ] && at="$at ${COMP_WORDS[2]}" ;;
  esac
  case "$at" in
    'experiments') words='create get search list update delete restore rename csv' files='' ;;
    'runs') words='create get describe list finish delete restore link-traces' files='' ;;
    'artifacts') words='log log-artifact log-artifacts list download verify' files='' ;;
    'config') words='list get' files='' ;;
    'experiments create')
      words='-n --experiment-name -l --artifact-location --tag --trace-archival-retention --if-not-exists --restore-if-deleted --check --shared-path --allow-local --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -n|--experiment-name|-l|--artifact-location|--tag|--trace-archival-retention|--shared-path|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments get')
      words='-x --experiment-id -n --experiment-name --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|-n|--experiment-name|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments search')
      words='-v --view --max-results --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -v|--view|--max-results|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments list')
      words='-v --view --max-results --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -v|--view|--max-results|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments update')
      words='-x --experiment-id --trace-archival-retention --clear-trace-archival-retention --trace-archive-now --trace-archive-now-older-than --clear-trace-archive-now --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|--trace-archival-retention|--trace-archive-now-older-than|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments delete')
      words='-x --experiment-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments restore')
      words='-x --experiment-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments rename')
      words='-x --experiment-id --new-name --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|--new-name|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'experiments csv')
      words='-x --experiment-id -o --filename --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|-o|--filename|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs create')
      words='-x --experiment-id -n --experiment-name --run-name --description -t --tags --status --parent-run-id --idempotency-key --shared-path --allow-local --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|-n|--experiment-name|--run-name|--description|-t|--tags|--status|--parent-run-id|--idempotency-key|--shared-path|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs get')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs describe')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs list')
      words='-x --experiment-id -v --view --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -x|--experiment-id|-v|--view|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs finish')
      words='-r --run-id --status --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|--status|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs delete')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs restore')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'runs link-traces')
      words='-r --run-id -t --trace-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|-t|--trace-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts log')
      words='-r --run-id -a --artifact-path --name --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' ;;
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|-a|--artifact-path|--name|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts log-artifact')
      words='-l --local-file -r --run-id -a --artifact-path --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' ;;
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -l|--local-file|-r|--run-id|-a|--artifact-path|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts log-artifacts')
      words='-l --local-dir -r --run-id -a --artifact-path --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' ;;
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -l|--local-dir|-r|--run-id|-a|--artifact-path|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts list')
      words='-r --run-id -u --artifact-uri -a --artifact-path -R --recursive --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|-u|--artifact-uri|-a|--artifact-path|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts download')
      words='-r --run-id -a --artifact-path -u --artifact-uri -d --dst-path --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' ;;
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|-a|--artifact-path|-u|--artifact-uri|-d|--dst-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'artifacts verify')
      words='-r --run-id -u --artifact-uri -a --artifact-path --against --size-only --include --exclude --manifest --workers --bwlimit --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        -r|--run-id|-u|--artifact-uri|-a|--artifact-path|--against|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'gc')
      words='--run-ids --logged-model-ids --experiment-ids --older-than --protect-tag --all-deleted --include-undated --orphans --incomplete-uploads --root --also-backend --backend-store-uri --artifacts-destination --artifact-base --workspace --all-workspaces --dry-run --plan --apply --shard --yes --break-references --accept-schema --accept-missing --max-delete --skip-if-locked --report --metrics-file --workers --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --run-ids|--logged-model-ids|--experiment-ids|--older-than|--protect-tag|--root|--also-backend|--backend-store-uri|--artifacts-destination|--artifact-base|--workspace|--plan|--apply|--shard|--accept-schema|--max-delete|--report|--metrics-file|--workers|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'doctor')
      words='--offline --read-only --create-probe-run --strict --only --ignore --explain --artifacts-destination --shared-path --allow-local --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --only|--ignore|--explain|--artifacts-destination|--shared-path|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'resolve')
      words='--trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' ;;
        --s3-checksum) words='when_required when_supported' files='' ;;
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'config list')
      words='--set --show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'config get')
      words='--show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
    'completion')
      words='bash zsh fish --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help' files=''
      case "$prev" in
        --output) words='text table json jsonl' files='' ;;
        --log-format) words='text json' files='' ;;
        --color) words='auto always never' files='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ -z "$files" ] && return
  local IFS=$'\n'
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -o bashdefault -F _mlstow mlstow
