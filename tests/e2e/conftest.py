"""Real processes: a registry in SQLite with three versions, and services over it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from service_process import TOKEN, Service, environment, free_port
from three_versions import make_three_versions

from recsys.data import Dataset
from recsys.registry import Registry

StartService = Callable[..., Service]


@pytest.fixture(scope="session")
def registry_home(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose ``mlflow.db`` holds three versions without an alias; see `make_three_versions`."""
    home = tmp_path_factory.mktemp("registry")
    make_three_versions(tiny, home)
    return home


@pytest.fixture(scope="session")
def registry(registry_home: Path) -> Registry:
    """Return the registry of `registry_home`; a test uses an alias of its own."""
    return Registry("movie-recommender", f"sqlite:///{registry_home}/mlflow.db")


@pytest.fixture(scope="module")
def start_service(registry_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Return a function that starts a service for an alias; all are ended after the module's tests."""
    started: list[Service] = []

    def start(
        alias: str,
        *,
        cache: Path | None = None,
        stdout: int | None = None,
        preexec_fn: Callable[[], None] | None = None,
        **variables: str,
    ) -> Service:
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
                [sys.executable, "-m", "serving"],
                cwd=folder,
                env=environment(**settings),
                stdout=log if stdout is None else stdout,
                stderr=log,
                preexec_fn=preexec_fn,  # noqa: PLW1509  nothing but system calls
            )
        started.append(Service(process, port, folder / "log", cache))
        return started[-1]

    yield start
    for service in started:
        if service.process.poll() is None:
            service.stop()
