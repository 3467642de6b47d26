"""Real processes: a registry in SQLite with three versions, and services over it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from load.served_versions import ServedVersions, served_versions
from published_models import publish
from service_process import NOBODY, TOKEN, Service, environment, free_port
from three_versions import make_three_versions

from recsys.data import Dataset
from recsys.registry import Registry
from serving.shared.model_cache import ModelCache

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


@pytest.fixture(scope="module")
def start_alone(
    start_service: StartService, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Service]:
    """Return a function that starts a service with one worker over a cache with version 1, and without a registry."""

    def start(alias: str, dataset: Dataset = tiny, **variables: str) -> Service:
        cache = tmp_path_factory.mktemp(alias.lower()) / "cache"
        publish(ModelCache(cache, "movie-recommender", alias), dataset)
        alone = {"RECSYS_API__WORKERS": "1", "MLFLOW_TRACKING_URI": NOBODY, "RECSYS_MODEL__POLL_SECONDS": "60"}
        service = start_service(alias, cache=cache, **{**alone, **variables})
        service.wait_for_version("1")
        return service

    return start


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedVersions]:
    """Yield a server with versions 1 and 2."""
    with served_versions(tmp_path_factory.mktemp("server")) as served:
        yield served
