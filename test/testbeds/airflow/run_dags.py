"""Runs DAGs one after the other in this process, as `airflow dags test` does; retries come at once.

Reads a list of {"file", "dag", "conf", "env"} as JSON from standard input. For each, in its order, prints a line of JSON:
the state of the DAG run, and of every task instance its map index, tries, state, XCom and what was logged.
"""

import json
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from datetime import timedelta

from airflow.dag_processing.dagbag import DagBag
from airflow.models.xcom import XComModel
from airflow.settings import Session

STARTED = re.compile(r"\[DAG TEST\] starting task_id=(\S+) map_index=(-?\d+)")


@contextmanager
def logged():
    """Catches what this process and its children write meanwhile; gives the file."""
    kept = [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield file
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)


def logs_by_task(text):
    """The lines after each "starting", by task and map index; those of all tries together."""
    logs, current = {}, None
    for line in text.splitlines(keepends=True):
        found = STARTED.search(line)
        if found:
            current = (found[1], int(found[2]))
        logs[current] = logs.get(current, "") + line
    return logs


def load(file, name):
    bag = DagBag(dag_folder=file)
    if bag.import_errors:
        raise RuntimeError(bag.import_errors)
    dag = bag.dags[name]
    for task in dag.tasks:
        if task.is_mapped:
            task.partial_kwargs["retry_delay"] = timedelta(0)
        else:
            task.retry_delay = timedelta(0)
    return dag


def run(file, name, conf):
    with logged() as file_of_log:
        run = load(file, name).test(run_conf=conf)
        sys.stdout.flush()
        file_of_log.seek(0)
        text = file_of_log.read()
    logs = logs_by_task(text)
    with Session() as session:
        rows = session.query(XComModel).filter_by(dag_id=name, run_id=run.run_id, key="return_value").all()
        xcoms = {(row.task_id, row.map_index): row.value for row in rows}
    tasks = [
        {
            "task": ti.task_id,
            "mapIndex": ti.map_index,
            "tries": ti.try_number,
            "state": ti.state,
            "xcom": xcoms.get((ti.task_id, ti.map_index)),
            "log": logs.get((ti.task_id, ti.map_index), ""),
        }
        for ti in run.get_task_instances()
    ]
    return {"dag": name, "state": run.state, "tasks": tasks}


for asked in json.load(sys.stdin):
    worker = dict(os.environ)
    os.environ.update(asked.get("env") or {})
    print(json.dumps(run(asked["file"], asked["dag"], asked.get("conf") or {})), flush=True)
    os.environ.clear()
    os.environ.update(worker)
