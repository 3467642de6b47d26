"""The address of the training runs, and the server behind it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from mlflow import MlflowClient

from training.cli import main


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
def test_ui_serves_and_shows_the_page_of_the_runs(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    experiment = MlflowClient(uri).create_experiment("movie-recommender")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "training", "ui", "--port", str(port), "--no-browser"]
    project = str(Path(__file__).parents[2])
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PYTHONPATH": project}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        shown = next(line for line in started.stdout if "training runs:" in line)
        address = f"http://127.0.0.1:{port}/"
        assert shown.strip() == f"training runs: {address}#/experiments/{experiment}/runs?workflowType=machine_learning"
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"<title>MLflow</title>" in answer.read()
        started.send_signal(signal.SIGTERM)
        assert started.wait(120) == 0


def test_ui_of_a_server_that_does_not_answer_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert main(["ui", "--no-browser"]) == 1
    assert "check MLFLOW_TRACKING_URI" in capsys.readouterr().err
