"""Retraining on unchanged data makes no version, says so, and is on record for the schedule."""

import json
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import first_users
from model_stores import client_of, make_store, recipe

from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import SplitParams
from training import nothing_new as module
from training.commands.retrain import keep_of, outcome
from training.gating.params import GateParams
from training.nothing_new import FINGERPRINT_TAG, fingerprint_of, judged_by, nothing_new
from training.project_run import EXPERIMENT
from training.retrain import NothingNew, Retrained, retrain
from training.scheduling.last_run import last_scheduled_run, last_trained


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 60)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.tracking.log_outcome", lambda *_: None)
    monkeypatch.setattr("training.retrain.add_gate_to_report", lambda *_: None)
    return make_store(tmp_path)


def run(registry: Registry, dataset: Dataset, made: Recipe | None = None, **changes: object) -> Retrained | NothingNew:
    settings: dict[str, object] = {
        "alias": "Production",
        "default_recipe": recipe("item-knn"),
        "gate": GateParams(),
        "trigger": "schedule",
        "auto_promote": True,
        **changes,
    }
    return retrain(dataset, made, SplitParams(), registry, **settings)  # type: ignore[arg-type]


def test_retrain_unchanged_data_make_no_version_and_are_on_record(registry, dataset):
    first = run(registry, dataset)
    again = run(registry, dataset)
    assert isinstance(again, NothingNew)
    assert "nothing new: version 1, which is served, was trained from the same data" in again.sentence
    assert len(registry.versions()) == 1
    noted = last_scheduled_run(registry, EXPERIMENT)
    assert (noted.run_id, noted.status) == ("", again.sentence)
    assert last_trained(registry, EXPERIMENT) == noted.started
    assert outcome(again, "Production") == {"version": None, "promoted": False, "nothing_new": again.sentence}
    assert isinstance(first, Retrained)


def test_retrain_unchanged_data_by_force_trains(registry, dataset):
    run(registry, dataset)
    assert isinstance(run(registry, dataset, force=True), Retrained)
    assert len(registry.versions()) == 2


def test_nothing_new_is_the_same_recipe_on_the_same_data(registry, dataset):
    made = recipe("item-knn")
    tags = {FINGERPRINT_TAG: fingerprint_of(dataset, made, 42)}
    served = ModelVersion("movies", 1, "run", "source", datetime.now(UTC), tags)

    def said(data: Dataset, recipe: Recipe) -> str:
        return nothing_new(registry, served, fingerprint_of(data, recipe, 42), "", scheduled=False)

    assert said(dataset, made).startswith("nothing new: version 1, which is served, ")
    assert said(dataset, recipe("item-knn", n_neighbors=7)) == ""
    assert said(first_users(sample_dataset(), 61), made) == ""


def test_retrain_by_schedule_does_not_repeat_a_refused_version(registry, dataset):
    run(registry, dataset)
    ruined = replace(dataset, ratings=dataset.ratings * 0 + 1)
    refused = run(registry, ruined)
    assert isinstance(refused, Retrained)
    assert [check.name for check in refused.verdict.failed][:2] == ["ratings_kept", "stars"]
    again = run(registry, ruined)
    assert isinstance(again, NothingNew)
    assert "version 2 was trained from the same data" in again.sentence
    fingerprint, same = refused.version.tags[FINGERPRINT_TAG], judged_by(1, GateParams())
    assert nothing_new(registry, None, fingerprint, same, scheduled=True) == again.sentence
    other = judged_by(1, GateParams(min_ratings_kept=None))
    assert nothing_new(registry, None, fingerprint, other, scheduled=True) == ""
    assert nothing_new(registry, None, fingerprint, same, scheduled=False) == ""


def test_fingerprint_changes_with_data_recipe_seed_and_commit(dataset, monkeypatch):
    made = recipe("item-knn")
    found = {
        fingerprint_of(dataset, made, 42),
        fingerprint_of(first_users(dataset, 50), made, 42),
        fingerprint_of(dataset, recipe("item-knn", n_neighbors=9), 42),
        fingerprint_of(dataset, made, 43),
    }
    monkeypatch.setattr(module, "resolve_tags", lambda: {"mlflow.source.git.commit": "other"})
    found.add(fingerprint_of(dataset, made, 42))
    assert len(found) == 5


def test_scheduled_run_is_noted_with_its_verdict(registry, dataset):
    done = run(registry, dataset)
    assert isinstance(done, Retrained)
    last = last_scheduled_run(registry, EXPERIMENT)
    assert last.run_id == done.version.run_id
    assert last.status.startswith("finished, version 1 passed: ")
    # A note that someone has altered is left out.
    for tag in ("{", json.dumps({"at": "yesterday", "sentence": "", "run_id": ""}), "[]"):
        client_of(registry).set_registered_model_tag(registry.name, "recsys.retraining.scheduled", tag)
        assert last_scheduled_run(registry, EXPERIMENT).status == "finished"


@pytest.mark.parametrize(("text", "keep"), [("all", None), ("20", 20), ("1", 1)])
def test_keep_of(text, keep):
    assert keep_of(Namespace(keep=text)) == keep
