"""The registered model works with MLflow's own tools, from another folder, without this repository on the path."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from empty_store import write_empty_store

from recsys.data import Dataset, csv_family

REPOSITORY = Path(__file__).parent.parent.parent
MODEL = "models:/movie-recommender/1"
QUESTION = {
    "dataframe_split": {"columns": ["movie_ids", "ratings"], "data": [[[10, 30], [5.0, 4.0]], [[40], [5.0]]]},
    "params": {"n": 2},
}


@pytest.fixture(scope="module")
def store(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tracking store in which one version has been trained by the command line."""
    folder = tmp_path_factory.mktemp("store")
    csv_family.write(tiny, folder / "ml-tiny")
    write_empty_store(folder)
    command = [sys.executable, "-m", "training", "train", "--data-dir", str(folder / "ml-tiny"), "--method", "item-knn"]
    run(command, folder, PYTHONPATH=str(REPOSITORY))
    return folder


def environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and "RECSYS" not in name}
    kept["PATH"] = f"{Path(sys.executable).parent}:{kept['PATH']}"  # MLflow looks for uvicorn there
    return {**kept, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", **variables}


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Run a command to its end in a folder and return what it has written."""
    done = subprocess.run(  # noqa: PLW1510  the message of the assertion says more
        command, cwd=folder, env=environment(folder, **variables), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def elsewhere(store: Path) -> Path:
    """Return an empty folder beside the store."""
    folder = store / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


LOAD_AND_PREDICT = f"""
import json, sys
import mlflow, pandas as pd
assert {str(REPOSITORY)!r} not in sys.path
model = mlflow.pyfunc.load_model("{MODEL}")
import recsys
answer = model.predict(pd.DataFrame({{"movie_ids": [[10, 30], []]}}), params={{"n": 3}})
similar = model.predict(pd.DataFrame({{"movie_ids": [[30], [999]]}}), params={{"mode": "similar"}})
print(json.dumps([recsys.__file__, answer.to_dict("list"), similar.to_dict("list")]))
"""


def test_load_model_brings_its_own_package_and_answers(store: Path) -> None:
    package, answer, similar = json.loads(run([sys.executable, "-c", LOAD_AND_PREDICT], store).splitlines()[-1])
    assert not package.startswith(f"{REPOSITORY}/")
    assert not set(answer["movie_ids"][0]) & {10, 30}
    assert [len(row) for row in answer["movie_ids"]] == [3, 3]
    assert [len(row) for row in answer["titles"]] == [3, 3]
    assert 30 not in similar["movie_ids"][0]
    assert similar["movie_ids"][1] == []


def test_models_predict_answers_a_file(store: Path) -> None:
    (store / "question.json").write_text(json.dumps(QUESTION))
    command = [
        *(sys.executable, "-m", "mlflow", "models", "predict", "--model-uri", MODEL, "--env-manager", "local"),
        *("--content-type", "json", "--input-path", "question.json", "--output-path", "answer.json"),
    ]
    run(command, store)
    predictions = json.loads((store / "answer.json").read_text())["predictions"]
    assert [len(row["movie_ids"]) for row in predictions] == [2, 2]


@pytest.fixture(scope="module")
def scoring_server(store: Path) -> Iterator[str]:
    """Yield the address of ``mlflow models serve`` on the version."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", MODEL, "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
    ]
    with (store / "serve.log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=elsewhere(store),
            env=environment(store),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/ping", server, store / "serve.log")
            yield address
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=600)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"{url} does not answer: {log.read_text()}")


def ask(address: str, question: dict[str, object]) -> list[dict[str, list[object]]]:
    request = urllib.request.Request(
        f"{address}/invocations", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["predictions"]


def test_models_serve_answers_over_http(scoring_server: str) -> None:
    predictions = ask(scoring_server, QUESTION)
    assert [len(row["movie_ids"]) for row in predictions] == [2, 2]
    assert not set(predictions[0]["movie_ids"]) & {10, 30}
    assert isinstance(predictions[0]["titles"][0], str)


def test_models_serve_takes_rows_without_ratings(scoring_server: str) -> None:
    question = {"dataframe_records": [{"movie_ids": [10]}], "params": {"n": 1, "min_rating": 4.0}}
    assert len(ask(scoring_server, question)[0]["movie_ids"]) == 1
