"""Which run of which experiment something is logged to."""

from pathlib import Path

import mlflow
import pytest
from empty_store import write_empty_store
from mlflow import MlflowClient

from recsys.errors import RegistryError
from recsys.registry import Registry
from training.project_run import EXPERIMENT, chosen_experiment, tracked_run


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry("movies", write_empty_store(tmp_path_factory.mktemp("store")))


@pytest.fixture
def client(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    mlflow.set_tracking_uri(registry.tracking_uri)
    return MlflowClient(registry.tracking_uri)


def experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def name_of(client: MlflowClient, run: mlflow.entities.Run) -> str:
    return str(client.get_experiment(run.info.experiment_id).name)


def test_tracked_run_by_hand_is_a_new_run_of_the_products_experiment(client: MlflowClient, registry: Registry) -> None:
    with tracked_run(registry, "by hand") as run:
        assert run.info.run_name == "by hand"
    assert name_of(client, run) == EXPERIMENT
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


@pytest.mark.parametrize("name", ["mine", "Default"])
def test_tracked_run_in_the_experiment_of_the_environment(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", name)
    with tracked_run(registry, "by hand") as run:
        pass
    assert name_of(client, run) == name == chosen_experiment(registry)


def test_tracked_run_in_the_experiment_of_an_id(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment(client, "by id"))
    with tracked_run(registry, "by hand") as run:
        pass
    assert name_of(client, run) == "by id"


def test_tracked_run_prepared_in_a_chosen_experiment_is_used(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = client.create_run(experiment(client, "chosen by mlflow run"))
    monkeypatch.setenv("MLFLOW_RUN_ID", prepared.info.run_id)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", prepared.info.experiment_id)
    with tracked_run(registry, "named again") as run:
        assert run.info.run_name == "named again"
        assert run.info.run_id == prepared.info.run_id
    assert client.get_run(run.info.run_id).info.run_name == "named again"


def test_tracked_run_prepared_in_the_default_experiment_is_replaced(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = client.create_run("0", tags={"mlflow.source.git.commit": "abc"})
    monkeypatch.setenv("MLFLOW_RUN_ID", prepared.info.run_id)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")
    with tracked_run(registry, "moved") as run:
        assert run.data.tags["mlflow.source.git.commit"] == "abc"
    assert name_of(client, run) == EXPERIMENT
    assert client.get_run(run.info.run_id).info.run_name == "moved"
    left = client.get_run(prepared.info.run_id)
    assert left.info.lifecycle_stage == "active"  # `mlflow run` ends the run it has prepared, and fails when it is gone
    assert run.info.run_id in left.data.tags["mlflow.note.content"]


def test_tracked_run_in_a_deleted_experiment_is_told_at_once(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.delete_experiment(experiment(client, "gone"))
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "gone")
    with pytest.raises(RegistryError, match="restore it"), tracked_run(registry, "never"):
        pytest.fail("this must not be reached")


def test_tracked_run_leaves_the_kind_of_someone_elses_experiment(
    client: MlflowClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = experiment(client, "agents")
    client.set_experiment_tag(found, "mlflow.experimentKind", "genai_development")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "agents")
    with tracked_run(registry, "a visitor"):
        pass
    assert client.get_experiment(found).tags["mlflow.experimentKind"] == "genai_development"
