"""Processes that hang: a worker or the parent stopped where it is, or in an endless loop."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.processes import freeze, is_running, wait_until
from published_models import publish
from service_process import REPOSITORY, Service

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

pytestmark = pytest.mark.slow

NOBODY = "http://127.0.0.1:9"
N_WORKERS = 2
SILENT_SECONDS = "3"
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}

LOOPS_ON_SIGNAL = """
import signal

def loop_for_ever(*_):
    while True:
        pass

signal.signal(signal.SIGUSR2, loop_for_ever)
"""


@pytest.fixture
def service(start_service: Any, tiny: Dataset, tmp_path: Path) -> Iterator[Service]:
    """Return a service whose workers fall into an endless loop at SIGUSR2."""
    publish(ModelCache(tmp_path / "cache", "movie-recommender", "Hung"), tiny)
    (tmp_path / "usercustomize.py").write_text(LOOPS_ON_SIGNAL)
    (tmp_path / "sitecustomize.py").write_text(LOOPS_ON_SIGNAL)
    started: Service = start_service(
        "Hung",
        cache=tmp_path / "cache",
        MLFLOW_TRACKING_URI=NOBODY,
        RECSYS_API__WORKERS=str(N_WORKERS),
        RECSYS_API__HANG_SECONDS=SILENT_SECONDS,
        PYTHONPATH=f"{tmp_path}{os.pathsep}{REPOSITORY}",
    )
    started.wait_until(lambda: started.ask("/metrics").json["workers"] == N_WORKERS)
    yield started
    if is_running(started.process.pid):
        os.kill(started.process.pid, signal.SIGCONT)


def hang(pid: int, how: str) -> None:
    if how == "stopped":
        freeze(pid)
    else:
        os.kill(pid, signal.SIGUSR2)


def counted(service: Service) -> tuple[int, int]:
    """Return how often workers have died, and how many there are."""
    found = service.ask("/metrics").json
    return found["worker_deaths"], found["workers"]


@pytest.mark.parametrize("how", ["stopped", "looping"])
@pytest.mark.parametrize("n_hung", [1, N_WORKERS])
def test_hung_workers_are_replaced_counted_and_told_of(service: Service, how: str, n_hung: int) -> None:
    before = service.worker_pids
    for pid in before[:n_hung]:
        hang(pid, how)
    wait_until(lambda: not any(is_running(pid) for pid in before[:n_hung]))
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    # A worker is gone a moment before its parent has taken note of it.
    service.wait_until(lambda: service.ask("/metrics").json["worker_deaths"] >= n_hung)
    counts = service.ask("/metrics").json
    assert (counts["worker_hangs"], counts["worker_deaths"]) == (n_hung, n_hung)
    assert f"recsys_worker_hangs_total {n_hung}" in service.ask("/metrics", Accept="text/plain").text
    assert set(before[n_hung:]) <= set(service.worker_pids), "the others go on"
    assert all(service.ask("/recommend", QUESTION).status == 200 for _ in range(20))
    told = [line["message"] for line in service.lines if "has hung" in line["message"]]
    assert len(told) == n_hung
    assert all(("loop_for_ever" in message) == (how == "looping") for message in told)
    assert service.stop() == 0


def test_busy_workers_are_not_taken_for_hung(service: Service) -> None:
    stopped, before = threading.Event(), service.worker_pids

    def ask_on() -> None:
        while not stopped.is_set():
            service.ask("/recommend", QUESTION)

    askers = [threading.Thread(target=ask_on) for _ in range(8)]
    for asker in askers:
        asker.start()
    stopped.wait(3 * float(SILENT_SECONDS))
    stopped.set()
    for asker in askers:
        asker.join()
    assert service.worker_pids == before
    assert service.ask("/metrics").json["worker_hangs"] == 0


def test_service_that_was_paused_as_a_whole_goes_on_as_before(service: Service) -> None:
    before = service.worker_pids
    everyone = [service.process.pid, *before]
    for pid in everyone:
        freeze(pid)
    threading.Event().wait(3 * float(SILENT_SECONDS))
    for pid in everyone:
        os.kill(pid, signal.SIGCONT)
    assert service.ask("/recommend", QUESTION).status == 200
    threading.Event().wait(1.5 * float(SILENT_SECONDS))
    assert service.worker_pids == before
    assert service.ask("/metrics").json["worker_hangs"] == 0


@pytest.mark.parametrize("how", ["stopped", "looping"])
def test_hung_parent_ends_so_that_the_service_is_started_again(service: Service, how: str) -> None:
    workers = service.worker_pids
    assert service.ask("/recommend", QUESTION).status == 200
    hang(service.process.pid, how)
    assert service.process.wait(120) == -signal.SIGKILL
    wait_until(lambda: not any(map(is_running, workers)))
    assert "the parent process" in service.log.read_text()


def test_worker_that_dies_again_and_again_after_it_was_ready_is_started_later_and_later(service: Service) -> None:
    victim = service.worker_pids[0]
    for deaths in range(1, 5):
        os.kill(victim, signal.SIGKILL)
        service.wait_until(lambda n=deaths: counted(service) == (n, N_WORKERS))  # type: ignore[misc]
        victim = service.worker_pids[-1]
    told = [line["message"] for line in service.lines if "has died" in line["message"]]
    assert [message.rpartition("place")[2] for message in told] == ["", " in 0.5 s", " in 1.0 s", " in 2.0 s"]
