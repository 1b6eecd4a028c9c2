"""gc in a schedule: one task writes the plan, N mapped tasks apply a part of it each, one sums up what they did.

Needs two Airflow variables: mlflow_database_secret, what the server was given as --backend-store-uri (Airflow hides
values of that name in logs and pages), and mlflow_artifacts_destination, what it was given as --artifacts-destination;
credentials for that store on the workers; and a folder that the workers share.
"""

import json
from datetime import datetime
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task

SHARDS = 4
SERVER = {
    "MLFLOW_BACKEND_STORE_URI": "{{ var.value.mlflow_database_secret }}",
    "MLFLOW_ARTIFACTS_DESTINATION": "{{ var.value.mlflow_artifacts_destination }}",
}

with DAG(
    "collect_garbage",
    start_date=datetime(2025, 1, 1),
    schedule="@weekly",
    catchup=False,
    max_active_runs=1,
    params={"older_than": "30d", "max_delete": "10%", "folder": "/mnt/airflow/gc"},
):
    # The plan holds ids and fingerprints, no location and no secret. A part that finds an item restored, moved or
    # gone leaves it out, so the plan may wait for days.
    plan = BashOperator(
        task_id="plan",
        bash_command="""
            set -e
            mkdir -p "$FOLDER"
            mlstow gc --older-than "$OLDER_THAN" --max-delete "$MAX_DELETE" --plan "$FOLDER/$NAME.plan.jsonl"
            echo "$FOLDER/$NAME.plan.jsonl"
        """,
        env={
            **SERVER,
            "OLDER_THAN": "{{ params.older_than }}",
            "MAX_DELETE": "{{ params.max_delete }}",
            "FOLDER": "{{ params.folder }}",
            "NAME": "{{ ts_nodash }}",
        },
        append_env=True,
    )

    apply = BashOperator.partial(
        task_id="apply",
        bash_command='mlstow gc --apply "$PLAN" --shard "$SHARD" --report "$PLAN.${SHARD%/*}.jsonl"',
        append_env=True,
        retries=1,
    ).expand(
        env=[{**SERVER, "PLAN": "{{ ti.xcom_pull('plan') }}", "SHARD": f"{i}/{SHARDS}"} for i in range(SHARDS)]
    )

    @task(trigger_rule="all_done")
    def report(plan_file: str) -> dict[str, int]:
        """Adds up the reports, also of parts that failed, and fails when an item could not be collected."""
        totals = {"delete": 0, "keep": 0, "skip": 0, "fail": 0, "absent": 0, "bytes": 0}
        for part in range(SHARDS):
            *items, summary = map(json.loads, Path(f"{plan_file}.{part}.jsonl").read_text().splitlines())
            for item in items:
                totals[item["action"]] += 1
            totals["bytes"] += summary["bytes"]
        print(f"gc: {totals}")
        if totals["fail"]:
            raise RuntimeError(f"{totals['fail']} items are still there; the logs of apply tell why")
        return totals

    plan >> apply >> report(plan.output)
