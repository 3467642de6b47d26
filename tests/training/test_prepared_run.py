"""The run that ``mlflow run`` prepares for a command that refuses to work."""

import pytest
from empty_store import write_empty_store
from mlflow import MlflowClient

from training.cli import main
from training.prepared_run import drop_prepared_run, remove_when_ended

PROJECT_TAGS = {"mlflow.project.entryPoint": "main"}


@pytest.fixture
def tracking_uri(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = write_empty_store(tmp_path_factory.mktemp("store"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def stage(client: MlflowClient, run_id: str) -> str:
    return str(client.get_run(run_id).info.lifecycle_stage)


def test_run_of_no_project_is_dropped_at_once(tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run("0").info.run_id
    drop_prepared_run(run_id, tracking_uri)
    assert stage(client, run_id) == "deleted"


def test_run_that_has_begun_and_failed_stays(tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run("0", tags=PROJECT_TAGS).info.run_id
    client.set_terminated(run_id, "FAILED")
    drop_prepared_run(run_id, tracking_uri)
    assert stage(client, run_id) == "active"


def test_run_of_a_project_is_left_to_mlflow_run_and_dropped_after_its_end(tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run("0", tags=PROJECT_TAGS).info.run_id
    remover = drop_prepared_run(run_id, tracking_uri)
    assert remover is not None
    assert stage(client, run_id) == "active"
    client.set_terminated(run_id, "FAILED")
    assert remover.wait(timeout=120) == 0
    assert stage(client, run_id) == "deleted"


def test_run_whose_mlflow_run_was_killed_is_ended_and_dropped(tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run("0", tags=PROJECT_TAGS).info.run_id
    remove_when_ended(client, run_id, seconds=0)
    assert (client.get_run(run_id).info.status, stage(client, run_id)) == ("FAILED", "deleted")


@pytest.mark.parametrize("flags", [["--seed", "abc"], ["--splitt", "hash"], ["--holdout-ratio", "x"]])
def test_wrong_call_drops_the_run(tracking_uri: str, flags: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    with pytest.raises(SystemExit):
        main(["train", *flags])
    assert stage(client, run_id) == "deleted"
