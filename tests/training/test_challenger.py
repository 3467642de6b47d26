"""Who becomes Challenger."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from builders import first_users
from mlflow import MlflowClient
from model_stores import add_version, make_store, recipe

from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.traffic import CHALLENGER
from training.challenger import give_challenger


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return make_store(tmp_path)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 40)


def trained(
    registry: Registry, dataset: Dataset, ndcg: float, method: str = "item-knn", **params: object
) -> ModelVersion:
    """Return a new version, measured on a random split with seed 42 unless told otherwise."""
    version = add_version(registry, dataset, recipe(method), ndcg_at_10=ndcg)
    client = MlflowClient(registry.tracking_uri)
    for name, value in ({"split": "random", "holdout_ratio": 0.25, "seed": 42} | params).items():
        client.log_param(version.run_id, name, value)
    return version


def challenger(registry: Registry) -> int:
    version = registry.aliased(CHALLENGER)
    assert version is not None
    return version.version


def test_challenger_goes_to_what_is_at_least_as_good(registry: Registry, dataset: Dataset) -> None:
    for ndcg, holder in ((0.5, 1), (0.5, 2), (0.6, 3)):
        assert give_challenger(registry, trained(registry, dataset, ndcg)) == ""
        assert challenger(registry) == holder


def test_challenger_is_kept_by_the_better_one_and_said(registry: Registry, dataset: Dataset) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    told = give_challenger(registry, trained(registry, dataset, 0.05, method="content-cosine"))
    assert told == (
        "version 1 (item-knn) stays Challenger: on the same data and split its ndcg_at_10 is 0.5000, and that of "
        "version 2 is 0.0500"
    )
    assert challenger(registry) == 1


@pytest.mark.parametrize("params", [{"seed": 7}, {"split": "temporal"}, {"holdout_ratio": 0.5}])
def test_challenger_of_another_split_is_not_comparable(
    registry: Registry, dataset: Dataset, params: dict[str, object]
) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    assert give_challenger(registry, trained(registry, dataset, 0.05, **params)) == ""
    assert challenger(registry) == 2


def test_challenger_of_other_data_is_not_comparable(registry: Registry, dataset: Dataset, tiny: Dataset) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    assert give_challenger(registry, trained(registry, tiny, 0.05)) == ""
    assert challenger(registry) == 2


def test_challenger_whose_run_is_purged_gives_way(registry: Registry, dataset: Dataset) -> None:
    first = trained(registry, dataset, 0.5)
    give_challenger(registry, first)
    MlflowClient(registry.tracking_uri).delete_run(first.run_id)
    with closing(sqlite3.connect(registry.tracking_uri.removeprefix("sqlite:///"))) as database, database:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (first.run_id,))
    assert give_challenger(registry, trained(registry, dataset, 0.05)) == ""
    assert challenger(registry) == 2
