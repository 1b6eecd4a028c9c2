# bash completion for mlstow: source it, or put it where bash-completion looks.

# The words up to the cursor, without the cuts that bash makes at : and =, quotes taken off and plain variables filled
# in. cut is what stands before the part of the last word that bash replaces.
_mlstow_words() {
  local rest="${COMP_LINE:-}" word bare i
  typed=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    bare="${rest#"${rest%%[![:space:]]*}"}"
    if [[ $i -gt 0 && -n "$rest" && -n "$word" && "$bare" == "$rest" ]]; then
      typed[${#typed[@]}-1]+="$word"
    else
      typed+=("$word")
    fi
    rest="${bare#"$word"}"
  done
  word="${COMP_WORDS[COMP_CWORD]}"
  cut="${typed[${#typed[@]}-1]}"
  [[ "$word" == [=:] ]] || cut="${cut%"$word"}"
  cut="${cut//\\/}"
  for ((i = 0; i < ${#typed[@]}; i++)); do
    word="${typed[i]}"
    if [[ "$word" =~ ^(--[a-z0-9-]+=)?\"?\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?\"?$ ]]; then
      word="${BASH_REMATCH[2]}"
      typed[i]="${BASH_REMATCH[1]}${!word:-}"
    elif [[ "$word" == [\"\']* ]]; then
      word="${word#[\"\']}"
      typed[i]="${word%[\"\']}"
    else
      typed[i]="${word//\\/}"
    fi
  done
}

# What the program itself knows: names, ids and paths of what is recorded.
_mlstow_ask() {
  local program=mlstow line found
  [[ "${COMP_WORDS[0]}" == */* ]] && program="${COMP_WORDS[0]}"
  while IFS= read -r line; do
    found="${line%%$'\t'*}"
    found="${found#"$cut"}"
    [[ "$cur" == [\"\']* ]] || printf -v found '%q' "$found"
    COMPREPLY+=("$found")
  done < <("$program" __complete "${typed[@]:1}" 2>/dev/null)
  compopt +o filenames 2>/dev/null
  [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *[/:] ]] && compopt -o nospace 2>/dev/null
  return 0
}

_mlstow() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev words='' at='' files=yes asks=''
  local cut=''
  local -a typed
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'experiments runs artifacts gc doctor resolve config completion --help --version' -- "$cur"))
    return
  fi
  _mlstow_words
  prev="${typed[${#typed[@]}-2]}"
  case "${typed[${#typed[@]}-1]}" in
    --*=*) prev="${typed[${#typed[@]}-1]%%=*}"; [ "$cur" = '=' ] && cur='' ;;
  esac
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
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -n|--experiment-name) words='' files='' asks=yes ;;
        -l|--artifact-location|--tag|--trace-archival-retention|--shared-path|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments get')
      words='-x --experiment-id -n --experiment-name --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id|-n|--experiment-name) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments search')
      words='-v --view --max-results --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -v|--view|--max-results|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments list')
      words='-v --view --max-results --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -v|--view|--max-results|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments update')
      words='-x --experiment-id --trace-archival-retention --clear-trace-archival-retention --trace-archive-now --trace-archive-now-older-than --clear-trace-archive-now --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        --trace-archival-retention|--trace-archive-now-older-than|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments delete')
      words='-x --experiment-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments restore')
      words='-x --experiment-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments rename')
      words='-x --experiment-id --new-name --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        --new-name|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'experiments csv')
      words='-x --experiment-id -o --filename --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        -o|--filename|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs create')
      words='-x --experiment-id -n --experiment-name --run-name --description -t --tags --status --parent-run-id --idempotency-key --shared-path --allow-local --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id|-n|--experiment-name|--parent-run-id) words='' files='' asks=yes ;;
        --run-name|--description|-t|--tags|--status|--idempotency-key|--shared-path|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs get')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs describe')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs list')
      words='-x --experiment-id -v --view --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -x|--experiment-id) words='' files='' asks=yes ;;
        -v|--view|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs finish')
      words='-r --run-id --status --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        --status|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs delete')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs restore')
      words='-r --run-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'runs link-traces')
      words='-r --run-id -t --trace-id --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id) words='' files='' asks=yes ;;
        -t|--trace-id|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts log')
      words='-r --run-id -a --artifact-path --name --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' asks='' ;;
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        --name|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts log-artifact')
      words='-l --local-file -r --run-id -a --artifact-path --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' asks='' ;;
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        -l|--local-file|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts log-artifacts')
      words='-l --local-dir -r --run-id -a --artifact-path --shared-path --allow-local --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' asks='' ;;
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        -l|--local-dir|--shared-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts list')
      words='-r --run-id -u --artifact-uri -a --artifact-path -R --recursive --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        -u|--artifact-uri|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts download')
      words='-r --run-id -a --artifact-path -u --artifact-uri -d --dst-path --include --exclude --if-exists --dry-run --manifest --workers --bwlimit --resume --no-resume --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --if-exists) words='overwrite skip newer fail' files='' asks='' ;;
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        -u|--artifact-uri|-d|--dst-path|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'artifacts verify')
      words='-r --run-id -u --artifact-uri -a --artifact-path --against --size-only --include --exclude --manifest --workers --bwlimit --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        -r|--run-id|-a|--artifact-path) words='' files='' asks=yes ;;
        -u|--artifact-uri|--against|--include|--exclude|--manifest|--workers|--bwlimit|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'gc')
      words='--run-ids --logged-model-ids --experiment-ids --older-than --protect-tag --all-deleted --include-undated --orphans --incomplete-uploads --root --also-backend --backend-store-uri --artifacts-destination --artifact-base --workspace --all-workspaces --dry-run --plan --apply --shard --yes --break-references --accept-schema --accept-missing --all-versions --max-delete --skip-if-locked --report --metrics-file --workers --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --run-ids|--logged-model-ids|--experiment-ids|--older-than|--protect-tag|--root|--also-backend|--backend-store-uri|--artifacts-destination|--artifact-base|--workspace|--plan|--apply|--shard|--accept-schema|--max-delete|--report|--metrics-file|--workers|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'doctor')
      words='--offline --read-only --create-probe-run --strict --only --ignore --explain --artifacts-destination --shared-path --allow-local --trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help' files='' asks=yes
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --only|--ignore|--explain|--artifacts-destination|--shared-path|--trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'resolve')
      words='--trust-artifact-host --ca-file --s3-endpoint-url --s3-region --s3-addressing --s3-signature --s3-checksum --s3-ignore-tls --s3-ca-bundle --s3-profile --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help' files='' asks=yes
      case "$prev" in
        --s3-addressing) words='auto path virtual' files='' asks='' ;;
        --s3-signature) words='s3v4 s3 unsigned' files='' asks='' ;;
        --s3-checksum) words='when_required when_supported' files='' asks='' ;;
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --trust-artifact-host|--ca-file|--s3-endpoint-url|--s3-region|--s3-ca-bundle|--s3-profile|--tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'config list')
      words='--set --show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'config get')
      words='--show-origin --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help'
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
    'completion')
      words='bash zsh fish --tracking-uri --profile --env-file --output -q --quiet --no-progress --log-format --verbose --color --deadline -h --help' files=''
      case "$prev" in
        --output) words='text table json jsonl' files='' asks='' ;;
        --log-format) words='text json' files='' asks='' ;;
        --color) words='auto always never' files='' asks='' ;;
        --tracking-uri|--profile|--env-file|--deadline) words='' files=yes asks='' ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ -n "$asks" && "$cur" != -* ]] && _mlstow_ask
  [ -z "$files" ] && return
  local IFS=$'\n'
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -o bashdefault -F _mlstow mlstow
