"""The same done right: run id and artifact path are handed on as XComs, and a retry goes on with the run of its first try."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "train_and_log",
    start_date=datetime(2025, 1, 1),
    schedule=None,
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
):
    # Safe to run at the same time in many DAG runs, and again: it gives the experiment that has the name.
    experiment = BashOperator(
        task_id="experiment",
        bash_command="mlstow experiments create -n churn --if-not-exists -q",
    )

    # With -q the last line is the run id, so it is the XCom as it stands. The key finds the run again in a retry.
    run = BashOperator(
        task_id="run",
        bash_command='mlstow runs create -x "$EXPERIMENT_ID" --status running --idempotency-key airflow -q',
        env={"EXPERIMENT_ID": "{{ ti.xcom_pull('experiment') }}"},
        append_env=True,
    )

    # The XCom of this task is the URI that was written to.
    train = BashOperator(
        task_id="train",
        bash_command="""
            set -e
            mkdir model
            echo "fake weights" > model/weights.txt
            mlstow artifacts log model/ -a model -r "$RUN_ID" -q
        """,
        env={"RUN_ID": "{{ ti.xcom_pull('run') }}"},
        append_env=True,
    )

    # Another task, perhaps on another worker, in a working directory of its own.
    evaluate = BashOperator(
        task_id="evaluate",
        bash_command="""
            set -e
            MODEL=$(mlstow artifacts download -u "$MODEL_URI" -d . -q)
            grep "fake weights" "$MODEL/weights.txt"
            mlstow artifacts verify -r "$RUN_ID" -a model --against "$MODEL"
            mlstow runs finish -r "$RUN_ID" -q
        """,
        env={"RUN_ID": "{{ ti.xcom_pull('run') }}", "MODEL_URI": "{{ ti.xcom_pull('train') }}"},
        append_env=True,
    )

    experiment >> run >> train >> evaluate
