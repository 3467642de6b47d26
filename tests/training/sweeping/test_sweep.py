"""A sweep over a real tracking store, with quick methods on a small dataset."""

import json
import math
import shlex
from pathlib import Path

import optuna
import pytest
from builders import first_users
from model_stores import client_of, make_store, recipe

from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.errors import DataError, ParameterError
from recsys.fitting import Recipe
from recsys.methods import get_method, method_names
from recsys.methods.search_space import OneOf
from recsys.registry import Registry
from recsys.splits import SplitParams, split
from training.cli import main
from training.gating.contest import evaluate_recipe
from training.project_run import EXPERIMENT
from training.sweeping import sweep as sweeping
from training.sweeping.study import PastTrial, SweepSpace
from training.sweeping.sweep import SweepPlan, SweepResult, sweep
from training.sweeping.validation import fold_values, validation_parts

SPLIT = SplitParams(seed=3)
SWEPT = [name for name in method_names() if get_method(name).search_space]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 60)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return make_store(tmp_path_factory.mktemp("store"))


def run_sweep(dataset: Dataset, store: Registry, study: str, n_trials: int = 6, **changes: object) -> SweepResult:
    plan: dict[str, object] = {"methods": ("item-knn",), "n_folds": 2, **changes}
    return sweep(dataset, SPLIT, store, SweepPlan(study=study, n_trials=n_trials, **plan))  # type: ignore[arg-type]


def children_of(store: Registry, run_id: str) -> list:
    client = client_of(store)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    return client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")


@pytest.mark.parametrize("name", SWEPT)
def test_search_space_holds_the_defaults_and_only_parameters(name):
    method = get_method(name)
    defaults = method.params_type().model_dump()
    for param, found in method.search_space.items():
        assert param in defaults
        if isinstance(found, OneOf):
            assert defaults[param] in found.values
        else:
            assert found.low <= defaults[param] <= found.high


@pytest.mark.parametrize("name", SWEPT)
def test_search_space_ends_are_valid_parameters(name):
    method = get_method(name)
    for param, found in method.search_space.items():
        for value in found.values if isinstance(found, OneOf) else (found.low, found.high):
            method.params_type(**{param: value})


def test_sweep_parent_shows_the_best_and_children_are_nested(dataset, store):
    result = run_sweep(dataset, store, "first", n_trials=8)
    client = client_of(store)
    parent = client.get_run(result.run_id)
    children = children_of(store, result.run_id)
    assert len(children) == 8 == result.n_finished + result.n_pruned
    finished = [run for run in children if "sweep.pruned" not in run.data.tags]
    best = max(finished, key=lambda run: run.data.metrics["validation_ndcg_at_10"])
    assert result.value == pytest.approx(best.data.metrics["validation_ndcg_at_10"])
    assert result.value >= result.default_value
    assert parent.data.params["best_method"] == "item-knn"
    assert parent.data.params["best_n_neighbors"] == best.data.params["n_neighbors"]
    assert parent.data.metrics["validation_ndcg_at_10"] == pytest.approx(result.value)
    pictures = {found.path for found in client.list_artifacts(result.run_id, "sweep")}
    assert pictures == {"sweep/history.png", "sweep/importance.png"}
    (logged,) = parent.inputs.dataset_inputs
    assert logged.dataset.digest == dataset.digest
    table = json.loads(Path(client.download_artifacts(result.run_id, "tables/best_trials.json")).read_text())
    first = dict(zip(table["columns"], table["data"][0], strict=True))
    assert first["validation nDCG@10"] == pytest.approx(result.value, abs=1e-4)
    assert best.info.run_name.startswith(f"trial {first['trial']}: item-knn")
    assert f"| {result.value:.4f}" in parent.data.tags["mlflow.note.content"]
    numbers = sorted(int(run.info.run_name.split(":")[0].removeprefix("trial ")) for run in children)
    assert numbers == list(range(1, 9))
    assert store.versions() == []


def test_sweep_value_is_the_mean_over_validation_parts_of_the_training_part(dataset, store):
    result = run_sweep(dataset, store, "value", n_trials=1)
    folds = validation_parts(split(dataset, SPLIT).train, SPLIT, 2)
    expected = [evaluate_recipe(recipe("item-knn"), fold).metrics["ndcg_at_10"] for fold in folds]
    assert result.value == pytest.approx(sum(expected) / 2)
    assert list(fold_values(recipe("item-knn"), folds)) == pytest.approx(expected)


def test_validation_parts_never_hold_a_rating_of_the_holdout(dataset):
    parts = split(dataset, SPLIT)
    held_out = set(zip(parts.holdout.user_indices.tolist(), parts.holdout.item_indices.tolist(), strict=True))
    for fold in validation_parts(parts.train, SPLIT, 3):
        for side in (fold.train, fold.holdout):
            assert not held_out & set(zip(side.user_indices.tolist(), side.item_indices.tolist(), strict=True))


@pytest.mark.parametrize("strategy", ["temporal", "leave-last-out"])
def test_validation_parts_of_a_split_without_chance_are_one(dataset, strategy):
    params = SplitParams(strategy=strategy)
    assert len(validation_parts(split(dataset, params).train, params, 3)) == 1


def test_sweep_resumed_goes_on_where_it_was_broken_off(dataset, store, monkeypatch):
    judge, calls = sweeping._judge, []

    def killed_in_the_fourth(*args: object) -> float:
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return judge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(sweeping, "_judge", killed_in_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(dataset, store, "broken")
    monkeypatch.setattr(sweeping, "_judge", judge)
    result = run_sweep(dataset, store, "broken")
    assert result.n_resumed == 3
    assert result.n_finished + result.n_pruned == 6
    assert len(children_of(store, result.run_id)) == 6
    again = run_sweep(dataset, store, "broken")
    assert (again.n_resumed, again.value, again.best) == (6, result.value, result.best)


def test_sweep_study_of_another_split_is_not_mixed(dataset, store):
    run_sweep(dataset, store, "mixed", n_trials=1)
    with pytest.raises(ParameterError, match="was held with another n_folds"):
        run_sweep(dataset, store, "mixed", n_trials=2, n_folds=1)


def test_sweep_several_methods_in_parallel_chooses_among_them(dataset, store):
    methods = ("content-jaccard", "item-knn")
    result = run_sweep(dataset, store, "several", n_trials=6, n_jobs=2, methods=methods)
    tried = {run.data.params["method"] for run in children_of(store, result.run_id)}
    assert (tried, result.best.method) == (set(methods), "item-knn")


def test_sweep_failing_trials_are_marked_and_the_others_go_on(dataset, store, monkeypatch):
    fit, calls = Recipe.fit, []

    def sometimes(self: Recipe, train: Dataset) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise DataError("this one fails")
        return fit(self, train)

    monkeypatch.setattr(Recipe, "fit", sometimes)
    result = run_sweep(dataset, store, "failing", n_trials=4)
    assert (result.n_failed, result.n_finished) == (1, 3)
    statuses = [run.info.status for run in children_of(store, result.run_id)]
    assert sorted(statuses) == ["FAILED", "FINISHED", "FINISHED", "FINISHED"]


def test_space_holds_recency_where_the_split_shows_what_it_is_worth():
    (defaults,) = SweepSpace(["ease"], with_recency=True).defaults()
    assert defaults["ease.recency"] == 0
    assert "ease.recency" not in SweepSpace(["ease"]).defaults()[0]


def test_sweep_method_without_search_space_is_refused():
    with pytest.raises(ParameterError, match="popularity has no search space"):
        SweepSpace(["popularity"])


@pytest.mark.parametrize(
    ("params", "known"),
    [
        ({"method": "item-knn", "weighting": "bm25", "shrinkage": "10.5", "n_neighbors": "30"}, True),
        ({"method": "item-knn", "weighting": "bm25", "shrinkage": "10.5", "n_neighbors": "30000"}, False),
        ({"method": "item-knn", "weighting": "new", "shrinkage": "10.5", "n_neighbors": "30"}, False),
        ({"method": "item-knn", "weighting": "bm25", "shrinkage": "many", "n_neighbors": "30"}, False),
        ({"method": "als"}, False),
    ],
)
def test_sweep_space_past_trial_is_read_back_where_it_still_fits(params, known):
    frozen = SweepSpace(["item-knn"]).frozen(PastTrial(params, 0.5, (0.4, 0.5), pruned=False))
    assert (frozen is not None) is known
    if frozen:
        assert frozen.params == {"item-knn.weighting": "bm25", "item-knn.shrinkage": 10.5, "item-knn.n_neighbors": 30}
        assert frozen.intermediate_values == {0: 0.4, 1: 0.5}
        assert frozen.state == optuna.trial.TrialState.COMPLETE


def test_sweep_command_shows_how_to_train_with_the_best(dataset, store, monkeypatch, capsys, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.tracking_uri)
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    assert main(["sweep", "--method", "item-knn", "--trials", "2", "--folds", "1", "--study", "shown"]) == 0
    shown = capsys.readouterr()
    assert "to train with it: python -m training train --method item-knn --params recency=0.0,weighting=" in shown.out
    assert "2/2" in shown.err
    place = "my data; it's (new)"
    shared = ["--method", "item-knn", "--trials", "2", "--folds", "1", "--study", "shown"]
    assert main(["sweep", *shared, "--data-dir", place]) == 0
    line = capsys.readouterr().out.partition("to train with it: ")[2].splitlines()[0]
    words = shlex.split(line, comments=True)
    assert words[words.index("--data-dir") + 1] == place
    assert words[-6:] == ["--split", "random", "--holdout-ratio", "0.25", "--seed", "42"]
    assert main(["sweep", "--method", "item-knn", "--trials", "2", "--folds", "1", "--study", "shown", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["trials"]["resumed"] == 2
    assert math.isfinite(told["validation_ndcg_at_10"])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--trials", "0"], "--trials 0: use at least 1"),
        (["--method", "itemknn"], "did you mean 'item-knn'?"),
        (["--method", "popularity"], "popularity has no search space"),
        (["--study", "it's"], "leave out quotation marks"),
    ],
)
def test_sweep_command_called_wrong_says_so(argv, message, monkeypatch, capsys, dataset):
    monkeypatch.setattr("training.commands.shared_flags.dataset_of", lambda *_: dataset)
    assert main(["sweep", *argv]) == 2
    assert message in capsys.readouterr().err
