"""doctor before the expensive part: a worker that would lose the model is found in seconds, not after hours of training."""

from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("preflight", start_date=datetime(2025, 1, 1), schedule=None, catchup=False):
    # Exit code 3 when a check fails; its log says which one, and what to do about it. No retry mends a setting.
    check = BashOperator(task_id="check", bash_command="mlstow doctor", retries=0)

    train = BashOperator(task_id="train", bash_command="echo 'hours of training'")

    check >> train
