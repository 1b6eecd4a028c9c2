#!/usr/bin/env bash
# Removes for good what was deleted from an MLflow database so long ago, with its files. For cron; see README.md here.
set -euo pipefail

: "${MLFLOW_BACKEND_STORE_URI:?set it to the database that the tracking server was started with}"
age=${GC_AGE:-30d}
most=${GC_MOST:-10%}
logs=${GC_LOGS:-/var/log/mlstow}
metrics=${GC_METRICS:-/var/lib/node_exporter/textfile_collector}

code=0
mlstow gc --older-than "$age" --max-delete "$most" --skip-if-locked --deadline 6h \
  --report "$logs/gc-$(date +%F).jsonl" --metrics-file "$metrics/mlstow_gc.prom" \
  --log-format json --quiet >/dev/null 2>>"$logs/gc.log" || code=$?

# cron mails what a job says: nothing, unless somebody has to look.
if [ "$code" -ne 0 ]; then
  echo "mlstow gc ended with $code; $logs/gc.log and $logs/gc-$(date +%F).jsonl tell why" >&2
fi
exit "$code"
