"""Whether two runs were measured by the same rules, and who asks for it."""

import pytest
from builders import first_users
from mlflow import MlflowClient
from model_stores import EXPERIMENT, add_version, make_store, recipe

from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.choice import choose
from training.gating.records import Recorded, recorded
from training.protocol import other_rules, rules_of

USUAL = {"split": "random", "holdout_ratio": "0.25", "seed": "42", "eval_users": "all"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return make_store(tmp_path_factory.mktemp("protocol"))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 40)


def measured(registry: Registry, dataset: Dataset, ndcg: float, **params: str) -> ModelVersion:
    version = add_version(registry, dataset, recipe("content-jaccard"), ndcg_at_10=ndcg, coverage_at_10=0.2)
    client = MlflowClient(registry.tracking_uri)
    for name, value in (USUAL | params).items():
        client.log_param(version.run_id, name, value)
    return version


def test_rules_of_a_run_are_told_in_one_spelling() -> None:
    typed = {"split": "random", "holdout_ratio": ".250", "seed": "042", "method": "ease"}
    assert rules_of(typed) == USUAL
    assert rules_of({})["split"] == "unknown"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"holdout_ratio": "0.250"}, "", id="spelling"),
        pytest.param({"seed": "7"}, "seed 7 instead of 42", id="seed"),
        pytest.param(
            {"split": "temporal", "eval_users": "500"},
            "split temporal instead of random and eval_users 500 instead of all",
            id="two",
        ),
    ],
)
def test_other_rules_are_named(change: dict[str, str], told: str) -> None:
    assert other_rules(USUAL, USUAL | change) == told


def test_best_and_floor_compare_only_what_was_measured_alike(registry: Registry, dataset: Dataset) -> None:
    of_few_users = measured(registry, dataset, 0.9, eval_users="10")
    worse = measured(registry, dataset, 0.3)
    better = measured(registry, dataset, 0.4, holdout_ratio=".250")
    newest = measured(registry, dataset, 0.2)
    chosen = choose(registry, "best", experiment=EXPERIMENT, metric="ndcg_at_10")
    assert chosen.version.version == better.version
    assert "the best of 3 by ndcg_at_10, 0.4000; 1 measured on other data or by other rules left out" in chosen.why
    assert isinstance(recorded(registry, newest, better), Recorded)
    assert isinstance(recorded(registry, newest, worse), Recorded)
    assert recorded(registry, newest, of_few_users) == (
        "Production has nothing on record that was measured on the same split and users"
    )
