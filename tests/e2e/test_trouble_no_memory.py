"""A version that a worker has no memory for: the old one goes on, ``/health`` says why, and it is loaded later."""

import errno
import os
import resource
import sys
from pathlib import Path
from typing import Any

import pytest
from load.served_versions import many_movies
from model_stores import add_version, make_store, recipe
from service_process import Service

from recsys.data import Dataset
from recsys.registry import Registry

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="only Linux has prlimit")]

N_WORKERS = 2
N_MOVIES = 3000
"""Their matrix has 36 MB."""
ROOM = 16 * 2**20
"""More than requests take, less than the matrix."""


@pytest.fixture(scope="module")
def registry(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with a small version 1 and a large version 2."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for dataset in (tiny, many_movies(N_MOVIES)):
        add_version(registry, dataset, recipe("content-cosine"))
    registry.set_alias("Heavy", 1)
    return registry


def limit_address_space(pid: int, more_bytes: int | None) -> None:
    """Let a process map so many bytes more than now; None for as many as it likes."""
    if more_bytes is None:
        limit = resource.RLIM_INFINITY
    else:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + more_bytes
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def ask(service: Service, number: int) -> str:
    answer = service.ask("/recommend", {"user_ratings": {str(10 + number * 10): 5, "20": 4}, "n": 5})
    assert answer.status == 200
    return answer.version


def test_version_without_memory_leaves_the_old_one_and_is_loaded_once_there_is_some(
    start_service: Any, registry: Registry
) -> None:
    service: Service = start_service(
        "Heavy", MLFLOW_TRACKING_URI=registry.tracking_uri, RECSYS_API__WORKERS=str(N_WORKERS)
    )
    service.wait_for_workers(N_WORKERS)
    workers = service.worker_pids
    for number in range(40):
        assert ask(service, number) == "1"
    for pid in workers:
        limit_address_space(pid, ROOM)
    registry.set_alias("Heavy", 2)
    service.wait_until(lambda: "version 2 cannot be loaded" in (service.ask("/health").json["reason"] or ""))
    health = service.ask("/health").json
    assert (health["status"], health["model_version"]) == ("degraded", "1")
    assert os.strerror(errno.ENOMEM) in health["reason"]
    assert {ask(service, number) for number in range(40)} == {"1"}
    for pid in workers:
        limit_address_space(pid, None)
    service.wait_until(lambda: {ask(service, number) for number in range(10)} == {"2"})
    service.wait_until(lambda: all(service.ask("/health").json["status"] == "healthy" for _ in range(8)))
    assert service.worker_pids == workers, "none has died of it"
    assert service.stop() == 0
