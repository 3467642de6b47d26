"""Processes that hang: a worker or the parent stopped where it is, or in an endless loop."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.processes import children_of, freeze, is_running, wait_until
from published_models import publish
from service_process import NOBODY, REPOSITORY, Service

from recsys.data import Dataset
from recsys.registry import Registry
from serving.shared.model_cache import ModelCache

pytestmark = pytest.mark.slow

N_WORKERS = 2
SILENT_SECONDS = "3"
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}

HANGS_ON_SIGNAL = """
import ctypes, signal, sys, threading, time
from pathlib import Path

FOLDER = Path({folder!r})

def loop_for_ever():
    while True:
        pass

def wait_for_ever():
    threading.Event().wait()

def hold_the_interpreter_for_ever():
    while True:
        ctypes.PyDLL(None).sleep(1000)  # C code that does not release the lock, so that no other thread runs

signal.signal(signal.SIGUSR2, lambda *_: globals()[(FOLDER / "how").read_text()]())
while (FOLDER / "hangs_at_start").exists() and "serving.worker" in sys.orig_argv:
    time.sleep(0.1)
"""

HANGS = {
    "stopped": None,
    "looping": "loop_for_ever",
    "waiting": "wait_for_ever",
    "in C": "hold_the_interpreter_for_ever",
}
"""How a process hangs, and the function that its stack then names."""


@pytest.fixture
def service(start_service: Any, tiny: Dataset, tmp_path: Path) -> Iterator[Service]:
    """Return a service whose processes hang at SIGUSR2."""
    started = start(start_service, tiny, tmp_path)
    yield started
    if is_running(started.process.pid):
        os.kill(started.process.pid, signal.SIGCONT)


def start(start_service: Any, dataset: Dataset, folder: Path, **variables: str) -> Service:
    """Return a service over a model of its own in a folder; what is written there decides how its processes hang."""
    publish(ModelCache(folder / "cache", "movie-recommender", "Hung"), dataset)
    (folder / "sitecustomize.py").write_text(HANGS_ON_SIGNAL.replace("{folder!r}", repr(str(folder))))
    settings = {
        "MLFLOW_TRACKING_URI": NOBODY,
        "RECSYS_API__WORKERS": str(N_WORKERS),
        "RECSYS_API__HANG_SECONDS": SILENT_SECONDS,
        "PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}",
        **variables,
    }
    started: Service = start_service("Hung", cache=folder / "cache", **settings)
    started.wait_until(lambda: started.ask("/metrics").json["workers"] == N_WORKERS)
    return started


def hang(service: Service, pid: int, how: str) -> None:
    function = HANGS[how]
    if function is None:
        freeze(pid)
    else:
        (service.cache.parent / "how").write_text(function)
        os.kill(pid, signal.SIGUSR2)


def counted(service: Service) -> tuple[int, int]:
    """Return how often workers have died, and how many there are."""
    found = service.ask("/metrics").json
    return found["worker_deaths"], found["workers"]


@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("n_hung", [1, N_WORKERS])
def test_hung_workers_are_replaced_counted_and_told_of(service: Service, how: str, n_hung: int) -> None:
    before = service.worker_pids
    for pid in before[:n_hung]:
        hang(service, pid, how)
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
    assert all(str(HANGS[how] or "none was written") in message for message in told)
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


@pytest.mark.parametrize("how", HANGS)
def test_hung_parent_ends_so_that_the_service_is_started_again(service: Service, how: str) -> None:
    workers = service.worker_pids
    assert service.ask("/recommend", QUESTION).status == 200
    hang(service, service.process.pid, how)
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


def test_worker_that_goes_on_before_the_limit_is_left_alone(start_service: Any, tiny: Dataset, tmp_path: Path) -> None:
    service = start(start_service, tiny, tmp_path, RECSYS_API__HANG_SECONDS="60")
    before = service.worker_pids
    for pid in before:
        freeze(pid)
    threading.Event().wait(6)
    for pid in before:
        os.kill(pid, signal.SIGCONT)
    assert all(service.ask("/recommend", QUESTION).status == 200 for _ in range(20))
    threading.Event().wait(3)
    assert service.worker_pids == before
    assert counted(service) == (0, N_WORKERS)
    assert service.ask("/metrics").json["worker_hangs"] == 0


@pytest.mark.parametrize("seconds", [2.5, 4.5, 9])
def test_parent_that_was_stopped_alone_ends_no_worker_when_it_goes_on(
    start_service: Any, tiny: Dataset, tmp_path: Path, seconds: float
) -> None:
    """In development, where the workers do not end a parent that a debugger may have stopped."""
    service = start(start_service, tiny, tmp_path, RECSYS_ENVIRONMENT="dev")
    before = service.worker_pids
    freeze(service.process.pid)
    threading.Event().wait(seconds)
    assert service.ask("/recommend", QUESTION).status == 200
    os.kill(service.process.pid, signal.SIGCONT)
    threading.Event().wait(1.5 * float(SILENT_SECONDS))
    assert service.worker_pids == before
    assert counted(service) == (0, N_WORKERS)


def test_service_ends_in_order_though_its_workers_hang(service: Service) -> None:
    workers = service.worker_pids
    for pid in workers:
        freeze(pid)
    assert service.stop() == 0
    assert not any(map(is_running, workers))


def test_worker_that_hangs_at_its_start_is_replaced(service: Service) -> None:
    """Takes the two minutes that a start may take; the other worker answers meanwhile."""
    flag, victim = service.cache.parent / "hangs_at_start", service.worker_pids[0]
    flag.touch()
    os.kill(victim, signal.SIGKILL)
    service.wait_until(lambda: counted(service) == (1, N_WORKERS - 1))
    service.wait_until(lambda: len(service.worker_pids) == N_WORKERS)
    hung = service.worker_pids[-1]
    freeze(hung)
    flag.unlink()
    while is_running(hung):
        assert service.ask("/recommend", QUESTION).status == 200
        threading.Event().wait(1)
    service.wait_until(lambda: counted(service) == (2, N_WORKERS))
    assert service.ask("/metrics").json["worker_hangs"] == 1


def test_stopped_children_of_the_registry_are_replaced_and_the_alias_is_followed(
    start_service: Any, registry: Registry, registry_home: Path, tiny: Dataset, tmp_path: Path
) -> None:
    registry.set_alias("Hung", 1)
    uri = f"sqlite:///{registry_home}/mlflow.db"
    service = start(start_service, tiny, tmp_path, MLFLOW_TRACKING_URI=uri, RECSYS_MODEL__LOOK_SECONDS="5")
    service.wait_until(lambda: service.ask("/health").json["registry"]["reachable"] is True)
    (template,) = [pid for pid in children_of(service.process.pid) if pid not in service.worker_pids]
    jobs = [job for job in children_of(template) if is_running(job)]
    assert jobs
    for pid in (*jobs, template):
        freeze(pid)
    registry.set_alias("Hung", 2)
    service.wait_until(lambda: "no answer within" in service.log.read_text())
    assert service.ask("/recommend", QUESTION).status == 200
    service.wait_for_version("2")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    assert not any(map(is_running, (*jobs, template)))
    assert counted(service) == (0, N_WORKERS)
    assert service.stop() == 0
