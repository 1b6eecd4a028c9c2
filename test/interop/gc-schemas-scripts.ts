/** Makes runs in every state with the store of a release, from 2.9 on. Arguments: database, artifact root. */
export const MAKE = `
import json, os, sys
import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
uri, root = sys.argv[1:3]
store = SqlAlchemyStore(uri, root)
made = {}
def run(experiment, files=2):
    info = store.create_run(experiment, "ada", 5, [RunTag("k", "v")], "r").info
    for i in range(files):
        os.makedirs(info.artifact_uri + f"/d{i}")
        with open(info.artifact_uri + f"/d{i}/f.txt", "w") as out: out.write("x")
    for step in range(3): store.log_metric(info.run_id, Metric("m", 1.5, 7, step))
    store.log_param(info.run_id, Param("p", "q"))
    data = Dataset("d" + experiment, "digest" + experiment, "http", json.dumps({"url": "http://x"}), None, None)
    # MLflow 2.9's own gc ends with an error at an experiment that holds a dataset.
    if experiment == "1" or not mlflow.__version__.startswith("2.9."):
        store.log_inputs(info.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "train")])])
    return info.run_id
live = store.create_experiment("live", root + "/1")
made["liveIn"] = live
for name, files in (("live", 2), ("deleted", 2), ("empty", 0), ("needed", 2)): made[name] = run(live, files)
for name in ("deleted", "empty", "needed"): store.delete_run(made[name])
gone = store.create_experiment("gone", root + "/2")
made["inside"] = run(gone)
store.delete_experiment(gone)
kept = store.create_experiment("kept", root + "/3")
made["keptIn"] = kept
for name in ("restored", "beside"): made[name] = run(kept)
store.delete_experiment(kept)
store.restore_run(made["restored"])
registry = Registry(uri)
registry.create_registered_model("m")
registry.create_model_version("m", root + "/1/" + made["needed"] + "/artifacts/d0", made["needed"])
print(); print(json.dumps(made))
`;

/** The release's own gc. Argument: database. */
export const STOCK_GC = `
import os, sys
os.environ["MLFLOW_TRACKING_URI"] = sys.argv[1]
from mlflow.cli import cli
sys.argv = ["mlflow", "gc", "--backend-store-uri", sys.argv[1]]
cli()
`;

/** Every row of every table of some databases, as texts. Arguments: databases. */
export const DUMP = `
import json, sys
import sqlalchemy
def dump(uri):
    engine = sqlalchemy.create_engine(uri)
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    with engine.connect() as db:
        return {table.name: sorted(json.dumps(list(row), default=str) for row in db.execute(table.select())) for table in tables.sorted_tables}
print(); print(json.dumps([dump(uri) for uri in sys.argv[1:]]))
`;

/** What the release itself reads. Argument: database. */
export const READ = `
import json, sys
from mlflow.entities import ViewType
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore(sys.argv[1], "./mlruns")
ids = [e.experiment_id for e in store.search_experiments(ViewType.ALL)]
found = store.search_runs(ids, "", ViewType.ALL)
deleted = [run.info.run_id for run in found if run.info.lifecycle_stage == "deleted"]
for run_id in deleted: store.restore_run(run_id)
print(); print(json.dumps({"runs": sorted(run.info.run_id for run in found), "restored": deleted,
  "metrics": [m.value for m in store.get_metric_history(found[0].info.run_id, "m")]}))
`;
