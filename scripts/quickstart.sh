#!/usr/bin/env bash
# Installs, builds and runs the main job on the embedded default, in a fresh folder: each command, then its output.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/ensure-installed.sh
npm run --silent build

mlstow="$PWD/bin/mlstow.js"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# The embedded default, whatever this shell is set to.
for name in $(env | sed -n 's/^\(\(MLFLOW\|MLSTOW\|AIRFLOW_CTX\)_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done

step() {
  local shown="mlstow"
  for word in "$@"; do
    case $word in *[[:space:]\|]*) shown="$shown '$word'" ;; *) shown="$shown $word" ;; esac
  done
  printf '\n$ %s\n' "$shown"
  node "$mlstow" "$@"
}

mkdir -p model
printf 'weights of a small model\n' > model/weights.bin
printf 'flavors:\n  python_function:\n' > model/MLmodel

step experiments create -n quickstart
printf '\n$ run=$(mlstow runs create --experiment-name quickstart --status running -q); echo $run\n'
run=$(node "$mlstow" runs create --experiment-name quickstart --status running -q)
echo "$run"
step artifacts log model -r "$run"
step artifacts list -r "$run" -R
step runs finish --run-id "$run"
step artifacts download -r "$run" -d out
step resolve "$run"
printf '\n$ diff -r model out/model && echo identical\n'
diff -r model out/model && echo identical
