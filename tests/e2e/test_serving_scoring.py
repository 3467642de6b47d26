"""``/invocations``, ``/ping`` and ``/version`` beside `mlflow models serve` on the same version."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service_process import environment, free_port

from recsys.registry import Registry

pytestmark = pytest.mark.slow

JSON = "application/json"
RATED = {"columns": ["movie_ids", "ratings"], "data": [[[10, 30], [5, 4.5]]]}
MOVIES = {"columns": ["movie_ids"], "data": [[[10]], [[20, 30]]]}

PAYLOADS: list[tuple[str, Any]] = [
    (
        JSON,
        {"dataframe_split": {"columns": ["movie_ids", "ratings"], "data": [[[10, 30], [5, 4.5]]]}, "params": {"n": 2}},
    ),
    (JSON, {"dataframe_split": MOVIES}),
    (JSON, {"dataframe_split": MOVIES, "params": {"mode": "similar"}}),
    (JSON, {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10]]]}, "params": {"mode": "similar", "n": 1}}),
    (JSON, {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10]]]}, "params": {"mode": "simlar"}}),
    (JSON, {"dataframe_split": MOVIES, "params": {"n": "many"}}),
    (JSON, {"dataframe_split": MOVIES, "params": {"unheard": 1}}),
    (JSON, {"dataframe_split": {"columns": ["movies"], "data": [[[10]]]}}),
    (JSON, {"dataframe_split": {"columns": ["movie_ids", "ratings"], "data": [[[10], [9.5]]]}}),
    (JSON, {"dataframe_split": "no table"}),
    (JSON, {"dataframe_records": [{"movie_ids": [10, 30], "ratings": [5.0, 4.0]}]}),
    (JSON, {"dataframe_records": [{"movie_ids": [10, 30], "ratings": [5, 4]}]}),
    (JSON, {"dataframe_records": [{"movie_ids": [10, 30], "ratings": [5, 4]}, {"movie_ids": [40]}]}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"n": None}}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"n": 51}}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"recency": 1.0, "new": 1}}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"filter": {"genres": ["Comedy"]}}}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"filter": {"genres": ["Western"]}}}),
    (JSON, {"dataframe_records": [{"movie_ids": [10]}], "params": {"filter": {"genre": ["Comedy"]}}}),
    (JSON, {"dataframe_records": "no records"}),
    (JSON, {"inputs": {"movie_ids": [10, 30]}}),
    (JSON, {"inputs": {"movie_ids": [[10, 30]]}}),
    (JSON, {"instances": [{"movie_ids": [10, 30]}], "params": {"n": 2}}),
    (JSON, {"inputs": {"movie_ids": [10]}, "instances": []}),
    (JSON, {}),
    (JSON, []),
    (JSON, "text"),
    (JSON, b"{"),
    (JSON, b""),
    (JSON, b"\xff"),
    (f"{JSON}; charset=utf-8", {"dataframe_split": MOVIES}),
    (f"{JSON}; charset=latin-1", {"dataframe_split": MOVIES}),
    (f"{JSON}; odd=1", {"dataframe_split": MOVIES}),
    ("text/csv", b'movie_ids\n"[10, 30]"\n'),
    ("text/csv", b""),
    ("text/plain", b"hello"),
    ("application/vnd.apache.parquet", b"not parquet"),
]


@pytest.fixture(scope="module")
def ours(start_service: Any, registry: Registry) -> str:
    """Return the address of our service on version 1."""
    registry.set_alias("Scoring", 1)
    # The messages name the fields as a set is ordered, so both have to order it alike.
    service = start_service("Scoring", PYTHONHASHSEED="0")
    service.wait_for_version("1")
    return f"http://127.0.0.1:{service.port}"


@pytest.fixture(scope="module")
def theirs(registry_home: Path) -> Iterator[str]:
    """Return the address of `mlflow models serve` on the same version."""
    port = free_port()
    serve = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/movie-recommender/1"]
    variables = environment(MLFLOW_TRACKING_URI=f"sqlite:///{registry_home}/mlflow.db", PYTHONHASHSEED="0")
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    with (registry_home / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*serve, "--env-manager", "local", "--port", str(port)],
            cwd=registry_home,
            env=variables,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(120)


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 600
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return


def ask(address: str, content_type: str, payload: Any) -> tuple[int, str, Any]:
    """Return status, media type and body."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    request = urllib.request.Request(f"{address}/invocations", data=data, headers={"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.mark.parametrize(("content_type", "payload"), PAYLOADS)
def test_invocations_answers_as_mlflow_does(ours: str, theirs: str, content_type: str, payload: Any) -> None:
    status, media_type, body = ask(ours, content_type, payload)
    expected_status, expected_media_type, expected_body = ask(theirs, content_type, payload)
    assert (status, media_type) == (expected_status, expected_media_type)
    assert "Traceback" not in body
    if "stack_trace" in expected_body:
        found, expected = json.loads(body), json.loads(expected_body)
        # Of MLflow's traceback, ours keeps the last line.
        assert expected.pop("stack_trace").rstrip().endswith(found.pop("stack_trace"))
        assert found == expected
    else:
        assert body == expected_body


@pytest.mark.parametrize("path", ["/ping", "/version"])
def test_ping_and_version_answer_as_mlflow_does(ours: str, theirs: str, path: str) -> None:
    answers = []
    for address in (ours, theirs):
        with urllib.request.urlopen(f"{address}{path}", timeout=120) as answer:
            answers.append((answer.status, answer.headers["Content-Type"], answer.read()))
    assert answers[0] == answers[1]
