"""Retraining over a real registry: what the gate lets pass, what it stops, and what happens when it breaks off."""

import json
import sqlite3
from pathlib import Path

import pytest
from builders import first_users
from model_stores import add_version, client_of, make_store, recipe

from recsys.alias import lease
from recsys.alias.move import move
from recsys.alias.state import AliasState
from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.errors import LeaseHeldError, RecsysError
from recsys.registry import Registry
from recsys.splits import SplitParams
from recsys.storage import LOGGED_FOLDER
from training import retrain as retraining
from training.abandoned import PROCESS_TAG, close_abandoned_runs
from training.gating.params import GateParams
from training.project_run import EXPERIMENT
from training.retrain import RETRAIN_LOCK, Retrained, retrain
from training.train import Trained, train


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return first_users(sample_dataset(), 90)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    # What a run logs about its experiment has tests of its own, and takes most of its time.
    monkeypatch.setattr("training.tracking.log_outcome", lambda *_: None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def registry(store: Registry, tmp_path: Path) -> Registry:
    """Return an empty registered model of its own."""
    return Registry(f"movies-{tmp_path.name}", store.tracking_uri)


@pytest.fixture(scope="module")
def served(store: Registry, dataset: Dataset) -> Registry:
    """Return a registered model with a version in Production, for tests that leave it there."""
    registry = Registry("served", store.tracking_uri)
    add_version(registry, dataset, recipe("item-knn"))
    move(registry, "Production", 1, action="promoted")
    return registry


@pytest.fixture(scope="module")
def trained(served: Registry, dataset: Dataset) -> Trained:
    """Return what a training beside the served version comes to, for tests of what follows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.tracking.log_outcome", lambda *_: None)
        return train(dataset, recipe("item-knn"), SplitParams(), served, alias=None)


def run_retraining(registry: Registry, dataset: Dataset, method: str | None = None, **changes: object) -> Retrained:
    settings: dict[str, object] = {
        "alias": "Production",
        "default_recipe": recipe("item-knn"),
        "gate": GateParams(),
        "trigger": "manual",
        "auto_promote": True,
    }
    made = recipe(method) if method else None
    return retrain(dataset, made, SplitParams(), registry, **{**settings, **changes})  # type: ignore[arg-type]


def promoted(registry: Registry) -> int | None:
    return AliasState.of(registry.metadata(), "Production").current


def test_retrain_first_version_is_promoted_with_the_default_recipe(registry, dataset):
    done = run_retraining(registry, dataset, trigger="schedule")
    assert done.promoted
    assert registry.aliases() == dict.fromkeys(["Production", "production", "Challenger", "challenger"], 1)
    assert done.version.tags["method"] == "item-knn"
    run = client_of(registry).get_run(done.version.run_id)
    assert run.data.tags["trigger"] == "schedule"


def test_retrain_verdict_is_on_record_with_numbers_tags_and_picture(registry, dataset):
    run_retraining(registry, dataset)
    done = run_retraining(registry, dataset, "content-jaccard")
    assert not done.promoted
    assert promoted(registry) == 1
    assert registry.aliases()["Challenger"] == 1
    assert "version 1 (item-knn) stays Challenger" in done.challenger_kept
    client = client_of(registry)
    run = client.get_run(done.version.run_id)
    assert run.data.tags["gate.verdict"] == "refused"
    assert "the lower end is not above" in run.data.tags["gate.reasons"]
    assert run.data.metrics["gate_difference_mean"] == pytest.approx(done.verdict.interval.mean)
    assert run.data.metrics["gate_difference_upper"] < 0
    assert {found.path for found in client.list_artifacts(done.version.run_id, "gate")} == {
        "gate/difference.png",
        "gate/verdict.json",
        "gate/verdict.md",
        "gate/checks.json",
    }
    assert registry.version(2).tags["gate"].startswith("refused: ")


def test_retrain_again_with_productions_recipe_is_promoted(registry, dataset):
    first = add_version(registry, dataset, recipe("item-knn", n_neighbors=7))
    move(registry, "Production", first.version, action="promoted")
    done = run_retraining(registry, dataset)
    assert (done.promoted, promoted(registry)) == (True, 2)
    assert client_of(registry).get_run(done.version.run_id).data.params["n_neighbors"] == "7"
    entry = AliasState.of(registry.metadata(), "Production").ledger[-1]
    assert entry.why == "retraining: passed: no check has anything against it"
    assert entry.metrics["ratings_kept"] == 1.0


def test_retrain_without_auto_promote_stays_challenger(registry, dataset):
    done = run_retraining(registry, dataset, auto_promote=False)
    assert (done.verdict.promote, done.promoted, promoted(registry)) == (True, False, None)


def test_retrain_while_another_one_runs_fails_before_training(registry, dataset):
    with lease.held_lease(registry, RETRAIN_LOCK, "a retraining"), pytest.raises(LeaseHeldError, match="under way"):
        run_retraining(registry, dataset)
    assert registry.versions() == []


def test_retrain_production_moved_during_the_gate_verdict_does_not_count(registry, dataset, monkeypatch):
    for _ in range(2):
        add_version(registry, dataset, recipe("content-jaccard"), ndcg_at_10=0.1, ndcg_at_10_popularity=0.2)
    move(registry, "Production", 1, action="promoted")
    judge = retraining.judge

    def someone_is_faster(*args: object) -> object:
        client_of(registry).set_registered_model_alias(registry.name, "production", "2")
        return judge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(retraining, "judge", someone_is_faster)
    done = run_retraining(registry, dataset)
    assert (done.promoted, promoted(registry)) == (False, 2)
    assert "moved by someone else" in done.move.refusal


def test_retrain_removed_alias_stays_removed(registry, dataset):
    run_retraining(registry, dataset)
    for spelling in ("Production", "production"):
        client_of(registry).delete_registered_model_alias(registry.name, spelling)
    done = run_retraining(registry, dataset)
    assert (done.promoted, promoted(registry)) == (False, None)
    assert "someone has removed the alias" in done.verdict.sentence


def test_retrain_productions_method_unknown_it_competes_as_registered(registry, dataset, monkeypatch):
    first = add_version(registry, dataset, recipe("item-knn"))
    move(registry, "Production", first.version, action="promoted")
    forget(registry, first.version, method="als")
    done = run_retraining(registry, dataset, "content-jaccard")
    assert not done.promoted
    assert any("no method is called 'als'" in note and "seen the holdout" in note for note in done.verdict.notes)
    assert done.verdict.numbers["production_ndcg_at_10"] > done.verdict.numbers["candidate_ndcg_at_10"]


def test_retrain_productions_files_unreadable_its_recipe_comes_from_its_run(registry, dataset):
    first = add_version(registry, dataset, recipe("item-knn"))
    move(registry, "Production", first.version, action="promoted")
    manifest_of(registry, first.version).write_text("{", encoding="utf-8")
    done = run_retraining(registry, dataset)
    assert (done.promoted, promoted(registry)) == (True, 2)
    assert any("cannot be read" in note for note in done.verdict.notes)


def test_retrain_production_neither_readable_nor_on_record_stays(registry, dataset):
    first = add_version(registry, dataset, recipe("item-knn"))
    move(registry, "Production", first.version, action="promoted")
    manifest_of(registry, first.version).unlink()
    client_of(registry).delete_run(first.run_id)
    forget_run(registry, first.run_id)
    done = run_retraining(registry, dataset)
    assert not done.promoted
    assert "Production cannot be compared" in done.verdict.sentence


def test_retrain_other_data_same_movies_is_compared_on_the_new(registry, dataset):
    first = add_version(registry, first_users(sample_dataset(), 50), recipe("item-knn"))
    move(registry, "Production", first.version, action="promoted")
    done = run_retraining(registry, dataset)
    assert done.promoted
    assert done.verdict.numbers["ratings_kept"] == 1.0
    assert done.verdict.numbers["users"] == pytest.approx(90 / 50)


def test_retrain_other_catalog_is_left_to_a_person(registry, dataset, tiny):
    first = add_version(registry, tiny, recipe("item-knn"))
    move(registry, "Production", first.version, action="promoted")
    done = run_retraining(registry, dataset)
    assert not done.promoted
    assert "another catalog is for a person" in done.verdict.sentence
    assert done.verdict.numbers["catalog_kept"] == 0.0


STAGES = ["_put_right", "train", "settle", "gather_evidence", "judge", "put_on_record", "move"]


@pytest.mark.parametrize("stage", STAGES)
def test_retrain_failing_at_any_stage_leaves_production_and_the_lock_free(served, dataset, trained, monkeypatch, stage):
    monkeypatch.setattr(retraining, "train", lambda *_, **__: trained)
    monkeypatch.setattr(retraining, stage, _broken)
    with pytest.raises(RecsysError, match="broke"):
        run_retraining(served, dataset)
    assert promoted(served) == 1
    assert AliasState.of(served.metadata(), "Production").is_settled
    assert not [tag for tag in served.tags() if tag.startswith("recsys.lock.")]


def test_close_abandoned_runs_only_those_of_dead_processes(registry, served):
    client = client_of(registry)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    own = retraining.process_tags()
    dead = {PROCESS_TAG: json.dumps({**json.loads(own[PROCESS_TAG]), "pid": 2**22 + 1})}
    runs = [client.create_run(experiment, tags=tags).info.run_id for tags in (own, dead, {}, {PROCESS_TAG: "?"})]
    assert close_abandoned_runs(registry, EXPERIMENT) == [runs[1]]
    assert [client.get_run(run).info.status for run in runs] == ["RUNNING", "KILLED", "RUNNING", "RUNNING"]


def _broken(*_: object, **__: object) -> None:
    raise RecsysError("it broke")


def manifest_of(registry: Registry, version: int) -> Path:
    """Return where ``model.json`` of a version lies."""
    store = Path(registry.tracking_uri.removeprefix("sqlite:///")).parent
    model_id = registry.version(version).source.rpartition("/")[2]
    (found,) = (store / "artifacts").glob(f"**/{model_id}/artifacts/{LOGGED_FOLDER}/model.json")
    return found


def forget(registry: Registry, version: int, **changes: str) -> None:
    """Rewrite ``model.json`` of a version, as a release with other methods would have written it."""
    manifest = manifest_of(registry, version)
    manifest.write_text(json.dumps({**json.loads(manifest.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def forget_run(registry: Registry, run_id: str) -> None:
    """Delete the parameters of a run for good."""
    with sqlite3.connect(registry.tracking_uri.removeprefix("sqlite:///")) as database:
        database.execute("delete from params where run_uuid = ?", (run_id,))
    database.close()
