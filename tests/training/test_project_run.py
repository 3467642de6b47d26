"""Which run an experiment is logged to."""

from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from training.project_run import tracked_run


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    return MlflowClient()


def test_tracked_run_by_hand_is_a_new_run_of_the_experiment(client: MlflowClient) -> None:
    with tracked_run("films", "by hand") as run:
        assert run.info.run_name == "by hand"
    assert client.get_experiment(run.info.experiment_id).name == "films"
    assert client.get_run(run.info.run_id).info.status == "FINISHED"


def test_tracked_run_prepared_in_the_experiment_is_used(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = client.create_run(client.create_experiment("films"))
    monkeypatch.setenv("MLFLOW_RUN_ID", prepared.info.run_id)
    with tracked_run("films", "named again") as run:
        assert run.info.run_id == prepared.info.run_id
    assert client.get_run(run.info.run_id).info.run_name == "named again"


def test_tracked_run_prepared_in_the_default_experiment_is_replaced(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = client.create_run("0", tags={"mlflow.source.git.commit": "abc"})
    monkeypatch.setenv("MLFLOW_RUN_ID", prepared.info.run_id)
    with tracked_run("films", "moved") as run:
        assert run.data.tags["mlflow.source.git.commit"] == "abc"
    assert client.get_experiment(run.info.experiment_id).name == "films"
    assert client.get_run(run.info.run_id).info.run_name == "moved"
    left = client.get_run(prepared.info.run_id)
    assert left.info.lifecycle_stage == "active"  # `mlflow run` ends the run it has prepared, and fails when it is gone
    assert run.info.run_id in left.data.tags["mlflow.note.content"]
