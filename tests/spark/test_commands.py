"""The commands over a cluster: the same run, version and lists as on one machine."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from spark.cluster import CONF, Cluster

from benchmarks.simulation import write_folder
from recsys.data import Dataset, open_dataset

ROOT = Path(__file__).parent.parent.parent
MASTER = ",".join(f"{name}={value}" for name, value in CONF.items())


def python(folder: Path, *arguments: str, package: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder; this package is found by its path, or not at all."""
    path = [str(ROOT)] if package else []
    found = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry and Path(entry) != ROOT]
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": os.pathsep.join([*path, *found]),
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def home(movielens: Dataset, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with data, and with a version that the cluster has trained."""
    folder = tmp_path_factory.mktemp("home")
    write_folder(movielens, folder / "data")
    spark = ("--engine", "spark", "--spark-master", cluster.url, "--spark-conf", MASTER)
    trained = python(folder, "-m", "training", "train", "--data-dir", "data", *spark)
    assert trained.returncode == 0, trained.stderr
    assert "version 1 is Production" in trained.stdout
    return folder


def test_train_registers_the_version_that_one_machine_would(home: Path) -> None:
    here = python(home, "-m", "training", "train", "--data-dir", "data", "--split", "hash")
    assert here.returncode == 0, here.stderr
    client = MlflowClient(f"sqlite:///{home}/mlflow.db")
    first, second = (client.get_model_version("movie-recommender", number) for number in ("1", "2"))
    assert first.tags["dataset_digest"] == second.tags["dataset_digest"] == open_dataset(home / "data").digest
    ours, theirs = (client.get_run(version.run_id).data for version in (first, second))
    assert ours.params == theirs.params
    shared = {name for name in theirs.metrics if "seconds" not in name and "random_split" not in name}
    assert shared <= set(ours.metrics)
    assert {name: ours.metrics[name] for name in shared} == pytest.approx(
        {name: theirs.metrics[name] for name in shared}, rel=0.01, nan_ok=True
    )
    assert "engine=spark" in client.get_run(first.run_id).data.tags["mlflow.note.content"]


def test_mlflow_run_by_spark_splits_by_hash_where_no_split_is_named(home: Path, cluster: Cluster) -> None:
    values = {"engine": "spark", "spark_master": cluster.url, "spark_conf": MASTER, "data_dir": str(home / "data")}
    given = [word for name, value in values.items() for word in ("-P", f"{name}={value}")]
    done = python(home, "-m", "mlflow", "run", str(ROOT), "--env-manager", "local", *given)
    assert done.returncode == 0, done.stderr
    assert "splitting by hash, as no split was named" in done.stderr
    client = MlflowClient(f"sqlite:///{home}/mlflow.db")
    newest = max(client.search_model_versions(), key=lambda version: int(version.version))
    assert client.get_run(newest.run_id).data.params["split"] == "hash"


def test_promote_judges_it_as_any_version(home: Path) -> None:
    promoted = python(home, "-m", "training", "promote", "1")
    assert promoted.returncode == 0, promoted.stdout + promoted.stderr


def test_recommend_writes_the_lists_of_one_machine(home: Path, cluster: Cluster) -> None:
    spark = ("--engine", "spark", "--spark-master", cluster.url, "--spark-conf", MASTER)
    history = ("-m", "training", "recommend", "--history", "data/ratings.csv", "--model", "models:/movie-recommender/1")
    ours, theirs = python(home, *history, "--out", "lists", *spark), python(home, *history, "--out", "lists.parquet")
    assert (ours.returncode, theirs.returncode) == (0, 0), ours.stderr + theirs.stderr
    assert len(list((home / "lists").glob("*.parquet"))) > 1
    order = ["user_id", "rank"]
    found = pd.read_parquet(home / "lists").sort_values(order).reset_index(drop=True)
    expected = pd.read_parquet(home / "lists.parquet").sort_values(order).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    again = python(home, *history, "--out", "lists", *spark)
    assert again.returncode == 2
    assert "lists is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--spark-master", "foo"), "error: --spark-master 'foo' is no master of Spark; write local"),
        (("--spark-master", "spark://127.0.0.1:1"), "error: no Spark master answers at spark://127.0.0.1:1"),
        (("--split", "temporal"), "error: the temporal split ranks the ratings of all users together"),
        (("--method", "item-knn"), "error: item-knn multiplies all ratings of a user"),
        (("--spark-conf", "x"), "error: 'x' in --spark-conf is not NAME=VALUE"),
        (("--data-dir", "nowhere"), "error: nowhere: there is no such folder"),
    ],
)
def test_train_called_in_a_wrong_way_says_so_in_one_sentence(tmp_path: Path, arguments, told) -> None:
    failed = python(tmp_path, "-m", "training", "train", "--data-dir", "sample", "--engine", "spark", *arguments)
    assert failed.returncode in (1, 2)
    assert [line[: len(told)] for line in failed.stderr.splitlines() if line.startswith("error")] == [told]
    assert "Traceback" not in failed.stderr


SPARK_UDF = """
import sys
import mlflow
from pyspark.sql import SparkSession
session = SparkSession.builder.master(sys.argv[1])
for setting in sys.argv[2].split(","):
    session = session.config(*setting.split("="))
session = session.getOrCreate()
kinds = "movie_ids array<long>, scores array<double>, titles array<string>"
udf = mlflow.pyfunc.spark_udf(session, "models:/movie-recommender/1", result_type=kinds, env_manager="local")
rows = session.createDataFrame([([50, 181], [5.0, 4.5]), ([1], [4.0])], "movie_ids array<long>, ratings array<double>")
for row in rows.repartition(2).select(udf("movie_ids", "ratings").alias("list")).collect():
    print("LIST", len(row.list.movie_ids), row.list.movie_ids[0], row.list.titles[0])
"""

PYFUNC = """
import mlflow
import pandas as pd
model = mlflow.pyfunc.load_model("models:/movie-recommender/1")
lists = model.predict(pd.DataFrame({"movie_ids": [[50, 181], [1]], "ratings": [[5.0, 4.5], [4.0]]}))
for row in lists.itertuples():
    print("LIST", len(row.movie_ids), row.movie_ids[0], row.titles[0])
"""


def test_spark_udf_of_the_version_works_without_the_repository(home: Path, cluster: Cluster) -> None:
    asked = python(home, "-c", SPARK_UDF, cluster.url, MASTER, package=False)
    alone = python(home, "-c", PYFUNC, package=False)
    assert (asked.returncode, alone.returncode) == (0, 0), asked.stderr + alone.stderr
    found, expected = (
        sorted(line for line in done.stdout.splitlines() if line.startswith("LIST")) for done in (asked, alone)
    )
    assert len(found) == 2
    assert found == expected
