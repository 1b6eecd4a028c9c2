"""One run for each mapped task, and none more when a task is retried.

Airflow tells a task its DAG, task and run, but not its map index: the template hands it over.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task

with DAG("mapped_models", start_date=datetime(2025, 1, 1), schedule=None, catchup=False):

    @task
    def settings() -> list[dict[str, str]]:
        return [{"ALPHA": alpha} for alpha in ("0.01", "0.1", "1.0")]

    train = BashOperator.partial(
        task_id="train",
        bash_command="""
            set -e
            RUN_ID=$(mlstow runs create -n mapped --status running -t alpha="$ALPHA" \
                --idempotency-key "airflow:{{ ti.map_index }}" -q)
            echo "weights for $ALPHA" > model.txt
            mlstow artifacts log model.txt -r "$RUN_ID"
            mlstow runs finish -r "$RUN_ID" -q
        """,
        append_env=True,
        retries=2,
        retry_delay=timedelta(minutes=1),
    ).expand(env=settings())

    @task
    def compare(run_ids: list[str]) -> int:
        print(f"{len(run_ids)} models: {', '.join(run_ids)}")
        return len(run_ids)

    compare(train.output)
