"""An upload that its task's time-out kills on the first try, with a slow link, and a second try without it."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("killed_upload", start_date=datetime(2025, 1, 1), schedule=None, catchup=False):
    BashOperator(
        task_id="upload",
        bash_command="""
            set -e
            RUN_ID=$(mlstow runs create -n killed --status running --idempotency-key airflow -q)
            echo "before: [$(mlstow artifacts list -r "$RUN_ID" -R -q)]"
            head -c 3000000 /dev/zero > big.bin
            mlstow artifacts log big.bin -r "$RUN_ID" {{ '--bwlimit 20K' if ti.try_number == 1 else '' }}
            echo "$RUN_ID"
        """,
        append_env=True,
        execution_timeout=timedelta(seconds=6),
        retries=1,
    )
