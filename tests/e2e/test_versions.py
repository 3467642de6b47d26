"""Versions beside the served one, over a real registry and four workers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from service_process import TOKEN

from recsys.registry import Registry

AUTH = {"Authorization": f"Bearer {TOKEN}"}
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Any:
    """Return a service with four workers that serves version 1 and knows the others."""
    registry.set_alias("Compared", 1)
    started = start_service("Compared", RECSYS_API__WORKERS="4")
    started.wait_for_version("1")
    started.wait_until(lambda: len(started.ask("/versions", **AUTH).json["versions"]) == 3)
    return started


def load(service: Any, version: int) -> str:
    """Ask for a version until it is ready or refused, and return which."""
    states: list[str] = []

    def ended() -> bool:
        states.append(service.ask(f"/versions/{version}/load", {}, **AUTH).json["state"])
        return states[-1] in ("ready", "refused")

    service.wait_until(ended)
    return states[-1]


def test_version_is_brought_while_normal_requests_go_on(service: Any) -> None:
    stop, answers = threading.Event(), []

    def ask_on() -> None:
        while not stop.is_set():
            answers.append(service.ask("/recommend", QUESTION))
            time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask_on)
        first = service.ask("/movies/10/similar?version=2", **AUTH)
        assert (first.status, first.headers["retry-after"]) == (503, "5")
        assert load(service, 2) == "ready"
        stop.set()
        asking.result()
    assert {(answer.status, answer.version) for answer in answers} == {(200, "1")}
    found = [service.ask("/movies/10/similar?version=2", **AUTH) for _ in range(40)]
    assert {(answer.status, answer.version) for answer in found} == {(200, "2")}, "in all workers"
    assert {answer.text for answer in found} != {service.ask("/movies/10/similar").text}


def test_version_with_altered_artifacts_is_refused(service: Any, registry: Registry, registry_home: Path) -> None:
    model_id = registry.version(3).source.rpartition("/")[2]
    victim = next(path for path in registry_home.rglob("popularity.npy") if model_id in path.parts)
    original = victim.read_bytes()
    victim.write_bytes(original[:-1] + b"x")
    try:
        assert load(service, 3) == "refused"
        answer = service.ask("/recommend?version=3", QUESTION, **AUTH)
        assert (answer.status, answer.json["error"]) == (503, "ArtifactError")
        assert "altered" in answer.json["detail"]
        assert service.ask("/recommend", QUESTION).status == 200
        assert service.ask("/health").json["status"] == "healthy"
    finally:
        victim.write_bytes(original)


def test_promotion_of_a_compared_version_needs_no_download(service: Any, registry: Registry) -> None:
    assert load(service, 2) == "ready"
    registry.set_alias("Compared", 2)
    service.wait_until(lambda: service.ask("/versions", **AUTH).json["served"] == "2", 10)
    fetched = [line for line in service.lines if line["message"].startswith("fetching version 2")]
    assert len(fetched) == 1
