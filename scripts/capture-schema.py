"""Writes src/tracking/sql/schema/*.ts from a database that the stock package has just made.

    python scripts/capture-schema.py

Run it with the interpreter of an environment that holds the MLflow release whose schema is wanted.
"""

import os
import re
import sqlite3
import tempfile
from pathlib import Path

TOPICS = {
    "registry": r"registered_model|model_version|webhook|workspaces",
    "gateway": r"endpoint|secrets|model_definitions|budget|guardrail|mcp_",
    "reviews": r"review|label_schemas|issues|scor|evaluation_|jobs|job_locks|scheduler",
    "traces": r"trace|span|assessment",
    "runs": r"",
}


def fresh_database(folder: str) -> str:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.tracking import MlflowClient

    path = f"{folder}/fresh.db"
    MlflowClient(f"sqlite:///{path}").get_experiment("0")
    return path


def topic_of(table: str) -> str:
    return next(name for name, pattern in TOPICS.items() if re.search(pattern, table))


def tidy(sql: str) -> str:
    lines = [line.rstrip().replace("\t", "  ") for line in sql.strip().splitlines()]
    return "\n".join(line for line in lines if line) + ";"


def main() -> None:
    target = Path(__file__).parent.parent / "src/tracking/sql/schema"
    with tempfile.TemporaryDirectory() as folder:
        with sqlite3.connect(fresh_database(folder)) as database:
            rows = database.execute(
                "select tbl_name, sql from sqlite_master where sql is not null order by tbl_name, rowid"
            ).fetchall()
            revision = database.execute("select version_num from alembic_version").fetchone()[0]
    for topic in TOPICS:
        statements = [tidy(sql) for table, sql in rows if topic_of(table) == topic]
        body = "\n".join(statements).replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
        text = f"/** MLflow's tables at schema revision {revision}, captured by scripts/capture-schema.py. */\n"
        text += f"export const {topic.upper()}_TABLES = `\n{body}\n`;\n"
        (target / f"{topic}-tables.ts").write_text(text, encoding="utf-8")


main()
