"""The service when what it depends on is gone, or it is itself."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from service_process import NOBODY

from recsys.registry import Registry

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def warm_cache(start_service: Any, registry: Registry) -> Path:
    """Return a cache that holds version 1."""
    registry.set_alias("Alone", 1)
    service = start_service("Alone")
    service.wait_for_version("1")
    cache: Path = service.cache
    assert service.stop(signal.SIGINT) == 0
    return cache


def test_warm_cache_answers_without_a_registry_and_says_so(start_service: Any, warm_cache: Path) -> None:
    service = start_service("Alone", cache=warm_cache, MLFLOW_TRACKING_URI=NOBODY, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    service.wait_for_version("1")
    assert service.ask("/recommend", {"user_ratings": {"10": 5}}).status == 200
    service.wait_until(lambda: service.ask("/health").json["registry"]["reachable"] is False)
    health = service.ask("/health").json
    assert (health["status"], health["model_version"]) == ("degraded", "1")
    assert NOBODY in health["reason"]


def test_cold_cache_without_a_registry_is_503_until_there_is_a_model(
    start_service: Any, warm_cache: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    service = start_service("Alone", cache=cache, MLFLOW_TRACKING_URI=NOBODY, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    service.wait_until(lambda: service.ask("/health").status == 503)
    assert service.ask("/health/live").status == 200
    answer = service.ask("/recommend", {"user_ratings": {}})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert service.stop() == 0


def test_two_services_share_one_cache_and_both_follow(start_service: Any, registry: Registry, warm_cache: Path) -> None:
    registry.set_alias("Alone", 1)
    both = [start_service("Alone", cache=warm_cache) for _ in range(2)]
    for service in both:
        service.wait_for_version("1")
    both[0].wait_until(lambda: both[0].ask("/health").json["status"] == "healthy")
    registry.set_alias("Alone", 2)
    for service in both:
        service.wait_for_version("2")
    registry.set_alias("Alone", 1)
    for service in both:
        service.wait_for_version("1")


def test_killed_parent_takes_its_workers_along(start_service: Any, warm_cache: Path) -> None:
    service = start_service("Alone", cache=warm_cache, RECSYS_API__WORKERS="2", MLFLOW_TRACKING_URI=NOBODY)
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == 2)
    workers = service.worker_pids
    service.process.kill()
    service.process.wait()
    for _ in range(100):
        if not any(_is_running(pid) for pid in workers):
            break
        time.sleep(0.1)
    assert not any(_is_running(pid) for pid in workers)


def _is_running(pid: int) -> bool:
    """Return whether a process lives; one that has ended but was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
