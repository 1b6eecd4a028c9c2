"""Two ways in which a green task loses its model, and how mlstow refuses both. Every task of this DAG fails: read its log.

Both are what happens when a task knows where runs are recorded, but not where their files should go.
"""

import os
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("lost_artifact", start_date=datetime(2025, 1, 1), schedule=None, catchup=False):
    # `env=` replaces the worker's environment: MLFLOW_TRACKING_URI is gone, and mlflow would silently write to a
    # database in the task's working directory, which Airflow deletes when the task ends. append_env=True is missing.
    BashOperator(
        task_id="environment_replaced",
        env={"ALPHA": "0.1", "PATH": os.environ["PATH"]},
        bash_command="""
            set -e
            echo "fake weights" > model.txt
            RUN_ID=$(mlstow runs create -n lost --status running -q)
            mlstow artifacts log model.txt -r "$RUN_ID"
        """,
    )

    # The tracking URI is right, the artifact location is a folder of this worker: the run would be visible
    # everywhere, its files nowhere.
    BashOperator(
        task_id="folder_of_the_worker",
        bash_command="""
            set -e
            echo "fake weights" > model.txt
            mlstow experiments create -n lost -l "$PWD/mlruns" --if-not-exists
            RUN_ID=$(mlstow runs create -n lost --status running -q)
            mlstow artifacts log model.txt -r "$RUN_ID"
        """,
    )
