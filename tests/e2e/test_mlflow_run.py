"""``mlflow run .`` and ``make up``, from a copy of the repository as git would give it."""

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
from http.client import HTTPResponse
from pathlib import Path

import pytest
from empty_store import write_empty_store
from mlflow import MlflowClient
from mlflow.entities import Run

from recsys.data import Dataset, csv_family
from recsys.registry import Registry

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that git tracks, as they are in the working tree."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((REPOSITORY / name).read_bytes())
            (folder / name).chmod((REPOSITORY / name).stat().st_mode)
    write_empty_store(folder)
    return folder


@pytest.fixture(scope="module")
def data(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "ml-tiny"
    csv_family.write(tiny, folder)
    return folder


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of somebody who has not activated anything."""
    dropped = ("RECSYS_", "MLFLOW_", "VIRTUAL_ENV", "PYTHONPATH", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **variables}


def mlflow_run(clone: Path, env_manager: str, *parameters: str) -> None:
    flags = [flag for parameter in parameters for flag in ("-P", parameter)]
    command = [sys.executable, "-m", "mlflow", "run", ".", "--env-manager", env_manager, *flags]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=clone, env=environment(PATH=path), capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr


PARAMETERS = ("method=item-knn", "seed=3", "params=n_neighbors=7", "split=hash")


@pytest.fixture(scope="module")
def run_here(clone: Path, data: Path) -> None:
    """Run the project in the environment of the tests."""
    mlflow_run(clone, "local", f"data_dir={data}", *PARAMETERS)


@pytest.mark.usefixtures("run_here")
def test_mlflow_run_trains_and_registers_in_the_experiment(clone: Path) -> None:
    check_newest_version(clone)


@pytest.mark.slow
def test_mlflow_run_in_a_clean_environment_by_uv_does_the_same(clone: Path, data: Path) -> None:
    mlflow_run(clone, "uv", f"data_dir={data}", *PARAMETERS)
    check_newest_version(clone)


def check_newest_version(clone: Path) -> None:
    tracking_uri = f"sqlite:///{clone}/mlflow.db"
    version = Registry("movie-recommender", tracking_uri).versions()[0]
    client = MlflowClient(tracking_uri)
    run = client.get_run(version.run_id)
    assert client.get_experiment(run.info.experiment_id).name == "movie-recommender"
    assert run.info.status == "FINISHED"
    assert {"method": "item-knn", "seed": "3", "n_neighbors": "7"}.items() <= run.data.params.items()


def runs_of(clone: Path, **search: object) -> list[Run]:
    client = MlflowClient(f"sqlite:///{clone}/mlflow.db")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(ids, **search))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["-P", "method=item-kn"], "no method is called 'item-kn'; did you mean 'item-knn'?"),
        (["--experiment-name", "movie-recommender", "-P", "data_dir=nowhere"], "nowhere: there is no such"),
        (["-P", "split=foo"], "foo"),
        (["-P", "engine=foo"], "foo"),
        (["-e", "sweep", "-P", "method=popularity"], "popularity has no search space"),
        (["-P", "seed=abc"], "argument --seed: invalid int value: 'abc'"),
        (["-P", "holdout_ratio=x"], "argument --holdout-ratio: invalid float value: 'x'"),
        (["-P", "splitt=hash"], "there is no argument --splitt; did you mean '--split'?"),
    ],
)
def test_mlflow_run_of_what_is_mistyped_says_it_in_a_sentence_and_leaves_no_run(
    clone: Path, flags: list[str], told: str
) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    before = {run.info.run_id for run in runs_of(clone)}
    command = ["mlflow", "run", ".", "--env-manager", "local", *flags]
    done = subprocess.run(
        command, cwd=clone, env=environment(PATH=path), capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert told in errors[0]
    prepared = done.stderr.partition("in run with ID '")[2].partition("'")[0]
    assert prepared
    assert prepared not in before
    assert is_deleted(clone, prepared)
    assert {run.info.run_id for run in runs_of(clone)} == before


def is_deleted(clone: Path, run_id: str) -> bool:
    """Wait until a run is deleted, which happens after ``mlflow run`` has ended."""
    client = MlflowClient(f"sqlite:///{clone}/mlflow.db")
    for _ in range(600):
        if client.get_run(run_id).info.lifecycle_stage == "deleted":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.usefixtures("run_here")
def test_command_in_a_run_s_note_runs_as_it_stands(clone: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    first = runs_of(clone, order_by=["attributes.start_time DESC"])[0]
    line = next(line for line in first.data.tags["mlflow.note.content"].splitlines() if "mlflow run" in line)
    subprocess.run(line.strip(), shell=True, cwd=clone, env=environment(PATH=path), check=True, timeout=400)
    again = runs_of(clone, order_by=["attributes.start_time DESC"])[0]
    assert again.info.run_id != first.info.run_id
    assert again.info.experiment_id == first.info.experiment_id
    decisive = {name: value for name, value in first.data.params.items() if name not in ("data_dir", "params")}
    assert decisive.items() <= again.data.params.items()
    for name in ("ndcg_at_10", "map_at_10", "coverage_at_10"):
        assert again.data.metrics[name] == first.data.metrics[name]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def make_up(clone: Path, port: int, log: Path, *variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``make up`` until the block ends, then press Ctrl-C as a terminal does: the whole group gets it."""
    with log.open("w") as output:
        made = subprocess.Popen(
            ["make", "up", f"PORT={port}", *variables],
            cwd=clone,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield made
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(made.pid, signal.SIGINT)
            made.wait(timeout=120)


def open_health(port: int) -> HTTPResponse:
    opened: HTTPResponse = urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
    return opened


def seconds_until_healthy(port: int, made: subprocess.Popen[bytes], log: Path, timeout: float) -> float:
    started = time.monotonic()
    while time.monotonic() - started < timeout:
        assert made.poll() is None, log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError), open_health(port) as answer:
            if json.load(answer)["status"] == "healthy":
                return time.monotonic() - started
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def group_is_gone(group: int) -> bool:
    for _ in range(1200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_make_up_from_a_fresh_clone_serves_and_ctrl_c_leaves_nothing(clone: Path, data: Path, tmp_path: Path) -> None:
    port = free_port()
    with make_up(clone, port, tmp_path / "first.log", f"DATA={data}") as made:
        seconds_until_healthy(port, made, tmp_path / "first.log", timeout=400)
        first = (tmp_path / "first.log").read_text()
        curl = next(line for line in first.splitlines() if "curl" in line).partition("curl")[2]
        answer = subprocess.run(["bash", "-c", f"curl{curl}"], capture_output=True, text=True, check=True)
        assert json.loads(answer.stdout)["recommendations"]
    assert group_is_gone(made.pid)

    n_versions = len(Registry("movie-recommender", f"sqlite:///{clone}/mlflow.db").versions())
    for number, variables in enumerate(([], [f"DATA={data}"])):
        log = tmp_path / f"again-{number}.log"
        with make_up(clone, port, log, *variables) as made:
            seconds_until_healthy(port, made, log, timeout=120)
        assert "Production is version" in log.read_text()
        assert len(Registry("movie-recommender", f"sqlite:///{clone}/mlflow.db").versions()) == n_versions
