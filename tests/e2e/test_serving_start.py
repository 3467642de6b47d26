"""Starts of the service that end at once, and what a worker imports."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from published_models import publish
from service_process import environment

from recsys.data import Dataset
from recsys.settings import setting_names
from serving.shared.model_cache import ModelCache

ASK_EVERYTHING = """
import json, sys
from recsys.settings import Settings
from starlette.testclient import TestClient
import serving.worker.__main__
from serving.worker.app import create_app

with TestClient(create_app(Settings())) as client:
    assert client.get("/health").json()["model_version"] == "1"
    assert client.post("/recommend", json={"user_ratings": {"10": 5}}).json()["strategy"] == "personal"
    for path in ("/", "/movies/10", "/movies/10/similar", "/movies/search?q=a", "/metrics", "/openapi.json", "/ping"):
        assert client.get(path).status_code == 200, path
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def run_serving(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "serving", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=600, check=False
    )


def test_help_lists_every_setting(tmp_path: Path) -> None:
    done = run_serving(tmp_path, "--help")
    assert done.returncode == 0
    for name in (*setting_names(), "MLFLOW_TRACKING_URI", "MLFLOW_S3_ENDPOINT_URL"):
        assert f"\n  {name} " in done.stdout
    assert "RECSYS_TRACKING_URI" not in done.stdout
    assert "\n\nWhen not given" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "complaint"),
    [
        (["--hlep"], {}, "error: there is no argument --hlep; did you mean '--help'?"),
        (
            [],
            {"RECSYS_API__PROT": "1"},
            "error: there is no setting RECSYS_API__PROT; did you mean",
        ),
        ([], {"RECSYS_API__PORT": "x"}, "error: RECSYS_API__PORT='x'"),
        ([], {"RECSYS_API__HOST": "192.0.2.1"}, "error: cannot listen on 192.0.2.1:8000"),
    ],
)
def test_wrong_start_says_what_is_wrong_and_exits_with_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], complaint: str
) -> None:
    done = run_serving(tmp_path, *arguments, **variables)
    assert done.returncode == 2
    assert done.stderr.startswith(complaint)
    assert "Traceback" not in done.stderr


def test_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_serving(tmp_path, RECSYS_API__PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1:{port}")
    assert "another program" in done.stderr


def test_worker_that_answers_everything_imports_nothing_heavy(tmp_path: Path, published_cache: Path) -> None:
    variables = {"RECSYS_MODEL__CACHE_DIR": str(published_cache)}
    command = [sys.executable, "-c", ASK_EVERYTHING]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(**variables), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "numpy" in imported
    assert not imported & {"mlflow", "pandas", "scipy", "sklearn", "sqlalchemy", "pyarrow", "matplotlib", "training"}


@pytest.fixture
def published_cache(tmp_path: Path, tiny: Dataset) -> Path:
    """Return a cache in which version 1 is published."""
    publish(ModelCache(tmp_path / "cache", "movie-recommender", "Production"), tiny)
    return tmp_path / "cache"
