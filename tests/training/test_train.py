"""A run and its version, as the tracking server keeps them."""

import json
import re
from pathlib import Path

import mlflow
import pytest
from builders import first_users
from mlflow import MlflowClient
from model_stores import make_store

from recsys.checksums import sha256_of, tree_sha256
from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.evaluation.report import CUTOFFS
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.registry import Registry
from recsys.splits import SplitParams
from recsys.storage import LOGGED_FOLDER, load_model
from training.experiment import BESIDE, run_experiment_beside_random
from training.train import Trained, train

RANKING = ("ndcg", "map", "precision", "recall", "hit_rate", "mrr")
BEYOND = ("coverage", "novelty", "diversity", "popularity_bias")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 120)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return make_store(tmp_path_factory.mktemp("store"))


def run_training(dataset: Dataset, registry: Registry) -> Trained:
    recipe = Recipe("item-knn", make_params(get_method("item-knn"), {"n_neighbors": "15"}))
    return train(dataset, recipe, SplitParams(seed=7), registry, alias="Production")


@pytest.fixture(scope="module")
def trained(dataset: Dataset, registry: Registry) -> Trained:
    return run_training(dataset, registry)


@pytest.fixture
def client(registry: Registry) -> MlflowClient:
    return MlflowClient(registry.tracking_uri)


@pytest.fixture
def run(trained: Trained, client: MlflowClient) -> mlflow.entities.Run:
    return client.get_run(trained.version.run_id)


def test_train_logs_every_parameter(run: mlflow.entities.Run, dataset: Dataset) -> None:
    expected = {
        **{"method": "item-knn", "weighting": "tfidf", "shrinkage": "100.0", "n_neighbors": "15"},
        **{"split": "random", "holdout_ratio": "0.25", "seed": "7"},
        **{"dataset": "sample", "dataset_digest": dataset.digest, "n_users": "120"},
    }
    assert expected.items() <= run.data.params.items()


def test_train_logs_every_metric_of_the_model_and_none_of_the_baseline(
    run: mlflow.entities.Run, trained: Trained
) -> None:
    names = {f"{metric}_at_{cutoff}" for metric in RANKING + BEYOND for cutoff in CUTOFFS}
    assert names | {"fit_seconds", "evaluate_seconds", "model_bytes"} <= set(run.data.metrics)
    assert not [name for name in run.data.metrics if "popularity" in name and "popularity_bias" not in name]
    assert run.data.metrics["ndcg_at_10"] == trained.outcome.evaluation.metrics["ndcg_at_10"]
    assert next(iter(trained.outcome.own_metrics)) == "ndcg_at_10"


def test_train_metrics_table_holds_the_baseline_and_the_intervals(
    run: mlflow.entities.Run, client: MlflowClient, trained: Trained
) -> None:
    table = json.loads(Path(client.download_artifacts(run.info.run_id, "tables/metrics.json")).read_text())
    first = dict(zip(table["columns"], table["data"][0], strict=True))
    assert first["metric"] == "ndcg_at_10"
    assert first["model"] == pytest.approx(run.data.metrics["ndcg_at_10"], abs=1e-4)
    assert first["popularity"] == pytest.approx(trained.outcome.baseline.metrics["ndcg_at_10"], abs=1e-4)
    assert first["from"] < first["model"] < first["to"]
    gain = first["model"] - first["popularity"]
    assert first["above popularity from"] < gain < first["above popularity to"]
    assert {row[0] for row in table["data"]} == set(trained.outcome.evaluation.metrics)


def test_train_run_and_model_are_named_by_what_differs(run: mlflow.entities.Run, client: MlflowClient) -> None:
    assert run.info.run_name == "item-knn on sample, seed 7, n_neighbors=15"
    (output,) = run.outputs.model_outputs
    assert client.get_logged_model(output.model_id).name == "item-knn-on-sample-n_neighbors-15"


def test_train_writes_ascii_which_every_database_takes(run: mlflow.entities.Run, client: MlflowClient) -> None:
    """PostgreSQL with SQL_ASCII refuses all else, through MLflow's driver, with a status 500."""
    (version,) = client.search_model_versions(f"run_id = '{run.info.run_id}'")
    model = client.get_registered_model(version.name)
    written = (run.info.run_name, run.data.tags, version.description, version.tags, model.description, model.tags)
    assert [text for text in map(str, written) if not text.isascii()] == []


def test_train_logs_the_dataset_by_name_and_digest(run: mlflow.entities.Run, dataset: Dataset) -> None:
    (logged,) = run.inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == ("sample", dataset.digest)


def test_train_logs_pictures_and_tables(run: mlflow.entities.Run, client: MlflowClient) -> None:
    pictures = {Path(found.path).name for found in client.list_artifacts(run.info.run_id, "pictures")}
    assert {"metric_curves.png", "user_ndcg_histogram.png", "long_tail.png", "similarity_map.png"} <= pictures
    tables = {Path(found.path).name for found in client.list_artifacts(run.info.run_id, "tables")}
    assert {"sample_recommendations.json", "similar_movies.json", "slices.json"} <= tables


def test_train_sample_lists_never_hold_what_the_taste_likes(run: mlflow.entities.Run, client: MlflowClient) -> None:
    path = client.download_artifacts(run.info.run_id, "tables/sample_recommendations.json")
    table = json.loads(Path(path).read_text())
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert len({row["taste"] for row in rows}) >= 4
    assert not any(row["title"] in row["likes"].split("; ") for row in rows)


def test_train_describes_the_run_with_the_baseline_beside_it(run: mlflow.entities.Run) -> None:
    note = run.data.tags["mlflow.note.content"]
    (row,) = (line for line in note.splitlines() if line.startswith("| nDCG@10"))
    assert re.search(rf"{run.data.metrics['ndcg_at_10']:.3f} \[0\.\d{{3}}, 0\.\d{{3}}\]", row)


def test_train_metrics_belong_to_the_logged_model(run: mlflow.entities.Run, client: MlflowClient) -> None:
    (output,) = run.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert {metric.key: metric.value for metric in model.metrics}["ndcg_at_10"] == run.data.metrics["ndcg_at_10"]
    assert model.params["method"] == "item-knn"


def test_train_registers_a_version_with_its_tags(trained: Trained, dataset: Dataset) -> None:
    tags = trained.version.tags
    assert (tags["method"], tags["dataset"], tags["dataset_digest"]) == ("item-knn", "sample", dataset.digest)
    assert tags["split"] == "random, 25% held out, seed 7"
    for name in ("ndcg_at_10", "hit_rate_at_10"):
        assert float(tags[f"{name}_lower"]) < float(tags[name]) < float(tags[f"{name}_upper"])
    assert "coverage_at_10_lower" not in tags  # no mean over users
    assert float(tags["ndcg_at_10"]) == pytest.approx(trained.outcome.metrics["ndcg_at_10"], abs=1e-4)


def test_train_checksums_are_those_of_the_artifacts(trained: Trained, registry: Registry, tmp_path: Path) -> None:
    folder = registry.download(trained.version, tmp_path)
    assert trained.version.tags["recsys.artifact_sha256"] == tree_sha256(folder)
    assert trained.version.tags["recsys.model_json_sha256"] == sha256_of(folder / LOGGED_FOLDER / "model.json")


def test_train_registered_model_is_fitted_on_all_ratings(
    trained: Trained, registry: Registry, dataset: Dataset, tmp_path: Path
) -> None:
    model, info = load_model(registry.download(trained.version, tmp_path) / LOGGED_FOLDER)
    assert model.popularity.sum() == dataset.n_ratings
    assert info.dataset["digest"] == dataset.digest
    assert info.params["n_neighbors"] == 15


def test_train_no_pickle_travels(trained: Trained, registry: Registry, tmp_path: Path) -> None:
    folder = registry.download(trained.version, tmp_path)
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_train_first_version_is_production_the_next_is_challenger(
    trained: Trained, registry: Registry, dataset: Dataset
) -> None:
    assert trained.promoted
    second = run_training(dataset, registry)
    assert not second.promoted
    for alias, version in (
        ("Production", trained.version),
        ("PRODUCTION", trained.version),
        ("Challenger", second.version),
    ):
        found = registry.aliased(alias)
        assert found is not None
        assert found.version == version.version


def test_experiment_beside_random_tells_the_numbers_of_the_random_split(dataset: Dataset) -> None:
    recipe = Recipe("item-knn", make_params(get_method("item-knn"), {}))
    at_random = run_experiment_beside_random(dataset, recipe, SplitParams(seed=7)).metrics
    temporal = run_experiment_beside_random(dataset, recipe, SplitParams(seed=7, strategy="temporal")).metrics
    beside = {name: value for name, value in temporal.items() if name.endswith("_random_split")}
    assert beside == {name + "_random_split": at_random[name] for name in BESIDE}
    assert temporal["ndcg_at_10"] != at_random["ndcg_at_10"]
    assert not [name for name in at_random if name.endswith("_random_split")]
