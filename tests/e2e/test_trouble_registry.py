"""The service when the registry dies, hangs, comes late, or says what cannot be."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.drip import dripping_server, switch_between
from load.gate import Gate, gate_to
from mlflow import MlflowClient
from mlflow_server import running_server
from service_process import Service

from recsys.registry import Registry

pytestmark = pytest.mark.slow

MODEL = "movie-recommender"
QUESTION = {"user_ratings": {"10": 5}}
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "3"}


@pytest.fixture(scope="module")
def server(registry_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server over a copy of the registry with three versions."""
    home = tmp_path_factory.mktemp("server")
    shutil.copy(registry_home / "mlflow.db", home)
    with running_server(home) as url:
        yield url


@pytest.fixture
def gate(server: str) -> Iterator[Gate]:
    """Yield a gate in front of the server."""
    with gate_to(server) as gate:
        yield gate


@pytest.fixture
def registry(server: str) -> Registry:
    """Return the registry, as someone sees it who needs no gate."""
    return Registry(MODEL, server)


def wait_for_status(service: Service, status: str, seconds: float = 600) -> Any:
    """Wait for a status and return the whole answer."""
    service.wait_until(lambda: service.ask("/health").json["status"] == status, seconds)
    return service.ask("/health").json


def test_registry_that_dies_later_is_said_and_followed_again_once_it_is_back(
    start_service: Any, gate: Gate, registry: Registry
) -> None:
    registry.set_alias("Mortal", 1)
    service = start_service("Mortal", MLFLOW_TRACKING_URI=gate.url, **IMPATIENT)
    service.wait_for_version("1")
    service.wait_until(lambda: service.ask("/health").json["registry"]["reachable"] is True)
    assert service.ask("/health").json["status"] == "healthy"
    gate.shut()
    health = wait_for_status(service, "degraded")
    assert (health["model_version"], health["registry"]["reachable"]) == ("1", False)
    assert gate.url in health["reason"]
    assert service.ask("/recommend", QUESTION).version == "1"
    registry.set_alias("Mortal", 2)
    time.sleep(2)
    assert service.ask("/recommend", QUESTION).version == "1"
    gate.open()
    service.wait_for_version("2")
    assert wait_for_status(service, "healthy")["reason"] is None


def test_registry_that_hangs_holds_up_no_answer_and_no_end(start_service: Any, gate: Gate, registry: Registry) -> None:
    registry.set_alias("Hanging", 1)
    service = start_service("Hanging", MLFLOW_TRACKING_URI=gate.url, **IMPATIENT)
    service.wait_for_version("1")
    gate.holds_back = b"HTTP/1.1"
    assert gate.stuck.wait(120)
    assert service.ask("/recommend", QUESTION).version == "1"
    assert service.ask("/health").status == 200
    assert gate.holds_back, "the registry hangs on meanwhile"
    assert wait_for_status(service, "degraded")["registry"]["reachable"] is False
    assert service.stop() == 0


def test_registry_that_drips_is_given_up_and_followed_again_once_it_is_sound(
    start_service: Any, server: str, registry: Registry
) -> None:
    """A byte now and then, so that no time-out of a socket ends the call."""
    registry.set_alias("Dripping", 1)
    with dripping_server() as drip, switch_between(drip) as (url, switch):
        service = start_service("Dripping", MLFLOW_TRACKING_URI=url, RECSYS_MODEL__LOOK_SECONDS="3")
        service.wait_until(lambda: "no answer within 3 seconds" in (service.ask("/health").json["reason"] or ""))
        assert service.ask("/health").json["registry"]["reachable"] is False
        switch(server)
        service.wait_for_version("1")
        service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
        switch(drip)
        assert "no answer within" in wait_for_status(service, "degraded")["reason"]
        assert service.ask("/recommend", QUESTION).version == "1"
        registry.set_alias("Dripping", 2)
        switch(server)
        service.wait_for_version("2")
        assert service.stop() == 0


def test_registry_that_comes_late_ends_the_503(start_service: Any, gate: Gate, registry: Registry) -> None:
    registry.set_alias("Late", 1)
    gate.shut()
    service = start_service("Late", MLFLOW_TRACKING_URI=gate.url, **IMPATIENT)
    service.wait_until(lambda: "cannot access" in (service.ask("/health").json["reason"] or ""))
    answer = service.ask("/recommend", QUESTION)
    assert (answer.status, answer.version, answer.headers["retry-after"]) == (503, "none", "5")
    assert service.ask("/health/ready").status == 503
    gate.open()
    service.wait_until(lambda: service.ask("/health/ready").status == 200)
    assert service.ask("/recommend", QUESTION).version == "1"


def test_alias_whose_version_is_deleted_leaves_the_old_one_and_says_so(
    start_service: Any, server: str, registry: Registry
) -> None:
    source = registry.version(1)
    doomed = MlflowClient(server).create_model_version(MODEL, source.uri, tags=dict(source.tags))
    registry.set_alias("Bereft", int(doomed.version))
    service = start_service("Bereft", MLFLOW_TRACKING_URI=server)
    service.wait_for_version(doomed.version)
    MlflowClient(server).delete_model_version(MODEL, doomed.version)
    health = wait_for_status(service, "degraded")
    assert (health["model_version"], health["registry"]["reachable"]) == (doomed.version, True)
    assert service.ask("/recommend", QUESTION).version == doomed.version
    registry.set_alias("Bereft", 2)
    service.wait_for_version("2")
    assert wait_for_status(service, "healthy")["reason"] is None


def test_alias_that_points_to_no_version_leaves_the_old_one_and_says_so(
    start_service: Any, registry_home: Path, tmp_path: Path
) -> None:
    shutil.copy(registry_home / "mlflow.db", tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    registry = Registry(MODEL, uri)
    registry.set_alias("Dangling", 1)
    service = start_service("Dangling", MLFLOW_TRACKING_URI=uri)
    service.wait_for_version("1")
    # No command of MLflow's does this; a registry that was restored from a backup may be so.
    with sqlite3.connect(tmp_path / "mlflow.db", timeout=120) as database:
        database.execute("UPDATE registered_model_aliases SET version = 77 WHERE alias LIKE 'dangling'")
    database.close()
    health = wait_for_status(service, "degraded")
    assert (health["model_version"], health["registry"]["reachable"]) == ("1", True)
    assert "version 77" in health["reason"]
    assert service.reload()["status"] == "refused"
    assert service.ask("/recommend", QUESTION).version == "1"
    registry.set_alias("Dangling", 2)
    service.wait_for_version("2")
    assert wait_for_status(service, "healthy")["reason"] is None
