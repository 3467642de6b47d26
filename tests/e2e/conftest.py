"""Real processes: a registry in SQLite with three versions, and services over it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recsys.data import Dataset, csv_family
from recsys.registry import Registry

REPOSITORY = Path(__file__).parent.parent.parent
TOKEN = "a-token-of-the-tests"

StartService = Callable[..., "Service"]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.text)

    @property
    def version(self) -> str:
        """Return the model version that answered."""
        return self.headers["x-model-version"]


@dataclass
class Service:
    """A running `python -m serving`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    cache: Path = field(default_factory=Path)

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer to a GET, or to a POST when there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read().decode())

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> float:
        """Wait for a condition and return how long it took."""
        started = time.monotonic()
        while True:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                if condition():
                    return time.monotonic() - started
            except OSError:
                pass
            assert time.monotonic() - started < seconds, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def wait_for_version(self, version: str, seconds: float = 60) -> float:
        """Wait until a version answers and return how long it took."""
        return self.wait_until(lambda: self.ask("/health/live").version == version, seconds)

    def reload(self) -> Any:
        """Let the service look at the registry at once, and return what came of it."""
        return self.ask("/model/reload", {}, Authorization=f"Bearer {TOKEN}").json

    @property
    def worker_pids(self) -> list[int]:
        """Return the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return the log, which has to consist of JSON lines."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the service by a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture(scope="session")
def registry_home(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose ``mlflow.db`` holds three versions without an alias; see ``make_versions.py``."""
    home = tmp_path_factory.mktemp("registry")
    csv_family.write(tiny, home / "ml-tiny")
    command = [sys.executable, str(Path(__file__).parent / "make_versions.py"), str(home / "ml-tiny")]
    done = subprocess.run(command, cwd=home, env=_environment(), capture_output=True, text=True, timeout=120)  # noqa: PLW1510
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def registry(registry_home: Path) -> Registry:
    """Return the registry of `registry_home`; a test uses an alias of its own."""
    return Registry("movie-recommender", f"sqlite:///{registry_home}/mlflow.db")


@pytest.fixture(scope="module")
def start_service(registry_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Return a function that starts a service for an alias; all are ended after the module's tests."""
    started: list[Service] = []

    def start(alias: str, *, cache: Path | None = None, **variables: str) -> Service:
        folder = tmp_path_factory.mktemp("service")
        port, cache = free_port(), cache or folder / "cache"
        settings = {
            "MLFLOW_TRACKING_URI": f"sqlite:///{registry_home}/mlflow.db",
            "RECSYS_ENVIRONMENT": "prod",
            "RECSYS_MODEL__ALIAS": alias,
            "RECSYS_MODEL__CACHE_DIR": str(cache),
            "RECSYS_MODEL__POLL_SECONDS": "0.5",
            "RECSYS_API__PORT": str(port),
            "RECSYS_API__ADMIN_TOKEN": TOKEN,
            **variables,
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "serving"], cwd=folder, env=_environment(**settings), stdout=log, stderr=log
            )
        started.append(Service(process, port, folder / "log", cache))
        return started[-1]

    yield start
    for service in started:
        if service.process.poll() is None:
            service.stop()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECSYS_", "MLFLOW_"))}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **variables}


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
