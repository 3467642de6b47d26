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
from training.cli import main


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


@pytest.mark.parametrize("ndcg", [0.05, 0.9])
@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"seed": 7}, "seed 7 instead of 42"),
        ({"split": "temporal"}, "split temporal instead of random"),
        ({"holdout_ratio": 0.5, "seed": 1}, "holdout_ratio 0.5 instead of 0.25 and seed 1 instead of 42"),
        ({"eval_users": 50}, "eval_users 50 instead of all"),
    ],
)
def test_challenger_stays_where_another_split_says_nothing(
    registry: Registry, dataset: Dataset, params: dict[str, object], told: str, ndcg: float
) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    reason = give_challenger(registry, trained(registry, dataset, ndcg, **params))
    assert reason == (
        f"version 1 (item-knn) stays Challenger: version 2 was measured on the same data with {told}, so their "
        "ndcg_at_10 do not compare; to give it the alias all the same: python -m training promote 2 --alias Challenger"
    )
    assert challenger(registry) == 1


def test_challenger_from_before_eval_users_were_on_record_is_one_of_all_users(
    registry: Registry, dataset: Dataset
) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    assert give_challenger(registry, trained(registry, dataset, 0.6, eval_users="all")) == ""
    assert challenger(registry) == 2


def test_challenger_spelling_of_numbers_is_no_difference(registry: Registry, dataset: Dataset) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    assert give_challenger(registry, trained(registry, dataset, 0.6, holdout_ratio=".250", seed="042")) == ""
    assert challenger(registry) == 2


def test_challenger_is_given_by_the_command_that_the_sentence_names(
    registry: Registry, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_challenger(registry, trained(registry, dataset, 0.5))
    told = give_challenger(registry, trained(registry, dataset, 0.05, seed=7))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.tracking_uri)
    assert main(told.partition("python -m training ")[2].split()) == 0
    assert challenger(registry) == 2
    assert set(registry.aliases()) <= {"Challenger", "challenger"}


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
