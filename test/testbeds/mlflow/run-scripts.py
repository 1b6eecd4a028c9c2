"""Runs scripts of the stock client, each in a fork of this process, which has imported it: that takes two seconds.

Reads a JSON object from each line of standard input (script, args, env, cwd, and the files that stdout and stderr go
to), and writes the exit code of each script as a line.
"""

import json
import os
import sys

# What nearly every script needs.
import boto3  # noqa: F401
import mlflow  # noqa: F401
import mlflow.store.tracking.sqlalchemy_store  # noqa: F401


def take_place(asked):
    """Makes this process what `python -c script args` would be."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, file in ((1, asked["stdout"]), (2, asked["stderr"])):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.stdin = open(0, closefd=False)
    sys.argv = ["-c", *asked["args"]]
    added = os.environ.get("PYTHONPATH")
    sys.path[0:1] = ["", *(added.split(os.pathsep) if added else [])]


while line := sys.stdin.readline():
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        take_place(asked)
        exec(compile(asked["script"], "<string>", "exec"), {"__name__": "__main__"})
        break
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
