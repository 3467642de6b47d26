"""The clock on the wall jumps in all processes of a service and in its registry: nothing lies, hangs or dies of it."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from load.moved_clock import MovedClock
from load.processes import wait_until
from load.served_versions import ServedVersions, served_versions
from service_process import TOKEN, Service, environment

from recsys.traffic import CHALLENGER, CHALLENGER_TAG

pytestmark = pytest.mark.slow

DAY = 86_400.0
JUMPS = {"a day ahead": DAY, "a day back": -DAY, "ten years back": -3650 * DAY, "ten years ahead": 3650 * DAY}
N_WORKERS = 2
ALIAS = "Production"
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}
HEAD_SECONDS = 20
GUESS_SECONDS = 60.0
OTHER_CALLER = "127.0.0.2"
"""Of this machine as well, but another address, so that its guesses hold up nobody else."""


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    """Return a clock that is right at first."""
    return MovedClock(tmp_path_factory.mktemp("clock") / "path")


@pytest.fixture(scope="module")
def served(clock: MovedClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedVersions]:
    """Yield a server that follows the clock: version 1 in Production, version 2 answers half as its Challenger."""
    with served_versions(tmp_path_factory.mktemp("server"), PYTHONPATH=clock.python_path) as served:
        served.registry.set_alias(ALIAS, 1)
        served.registry.set_alias(CHALLENGER, 2)
        served.registry.set_tag(CHALLENGER_TAG, "50%")
        yield served


@pytest.fixture
def service(start_service: Any, served: ServedVersions, clock: MovedClock) -> Iterator[Service]:
    """Yield a service that has been asked a little, and set the clock right in the end."""
    clock.set_ahead(0)
    served.registry.set_alias(ALIAS, 1)
    started: Service = start_service(
        ALIAS,
        MLFLOW_TRACKING_URI=served.url,
        PYTHONPATH=clock.python_path,
        RECSYS_API__WORKERS=str(N_WORKERS),
        RECSYS_LIMITS__HEAD_SECONDS=str(HEAD_SECONDS),
    )
    started.wait_for_workers(N_WORKERS)
    started.wait_until(lambda: both_have_answered(started))
    yield started
    clock.set_ahead(0)
    assert started.stop() == 0


def both_have_answered(service: Service) -> bool:
    """Ask as many callers, and return whether both versions have answered some, as far as the metrics know."""
    for number in range(20):
        assert service.ask("/recommend", QUESTION, **{"X-User-ID": f"user {number}"}).status == 200
    return len(service.ask("/metrics").json["versions"]) == 2


def last_looked(service: Service) -> datetime:
    return datetime.fromisoformat(service.ask("/health").json["registry"]["last_checked"])


def wait_until_all_are_moved(service: Service, ahead: float) -> None:
    """Wait until the parent's child and the workers tell the moved time."""
    there = timedelta(seconds=abs(ahead) / 2)
    service.wait_until(lambda: abs(last_looked(service) - (datetime.now(UTC) + timedelta(seconds=ahead))) < there)


def guess(service: Service) -> int:
    """Send a wrong token from another address and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120, source_address=(OTHER_CALLER, 0))
    try:
        connection.request("POST", "/cache/clear", b"", {"Authorization": "Bearer of another token"})
        return connection.getresponse().status
    finally:
        connection.close()


def guesses(service: Service) -> set[int]:
    """Return the statuses of so many guesses that each worker gets some."""
    return {guess(service) for _ in range(16)}


def half_a_head(service: Service) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=120)
    connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    return connection


def check_ages(service: Service, began: float) -> None:
    """Compare every age of ``/metrics`` with the time that has passed since before the service was started."""
    metrics = service.ask("/metrics").json
    longest = time.monotonic() - began
    assert len(metrics["versions"]) == 2
    ages = [metrics["uptime_seconds"], metrics["traffic"]["since_seconds"]]
    ages += [version["since_seconds"] for version in metrics["versions"]]
    assert all(0 < age <= longest for age in ages), (ages, longest)
    assert metrics["model"]["age_seconds"] >= 0
    assert (metrics["worker_deaths"], metrics["worker_hangs"]) == (0, 0)
    assert metrics["avg_latency_ms"] < longest * 1000


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_of_the_clock_changes_no_age_no_answer_and_no_worker(
    service: Service, served: ServedVersions, clock: MovedClock, jump: str
) -> None:
    began, workers = time.monotonic() - 600, service.worker_pids
    while guesses(service) != {429}:
        pass
    hits = service.ask("/metrics").json["cache"]["hits"]
    with ExitStack() as open_connections:
        asked_at = time.monotonic()
        waiting = [open_connections.enter_context(half_a_head(service)) for _ in range(4)]
        clock.set_ahead(JUMPS[jump])
        wait_until_all_are_moved(service, JUMPS[jump])
        if time.monotonic() - asked_at < HEAD_SECONDS / 2:  # nobody's machine is slow enough for this to never be asked
            waiting[0].sendall(b"\r\n")
            assert waiting[0].recv(12) == b"HTTP/1.1 200", "half a head is waited for as long as ever"
        assert service.ask("/health").json["reason"] is None
        assert service.reload()["status"] == "unchanged"
        check_ages(service, began)
        for _ in range(8):
            assert service.ask("/recommend", QUESTION, **{"X-User-ID": "user 1"}).status == 200
        assert service.ask("/metrics").json["cache"]["hits"] > hits
        assert len(service.ask("/versions", Authorization=f"Bearer {TOKEN}").json["versions"]) == 2
        served.registry.set_alias(ALIAS, 2)
        service.wait_until(lambda: all(service.ask("/health/live").version == "2" for _ in range(8)))
        served.registry.set_alias(ALIAS, 1)
        service.wait_until(lambda: all(service.ask("/health/live").version == "1" for _ in range(8)))
        service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
        for connection in waiting[1:]:
            assert connection.recv(12) == b"HTTP/1.1 408", "and no longer"
    assert service.worker_pids == workers
    if time.monotonic() - asked_at < GUESS_SECONDS / 2:
        assert 429 in guesses(service), "a minute is a minute"
    service.wait_until(lambda: guess_is_heard_again(service))


def guess_is_heard_again(service: Service) -> bool:
    time.sleep(1)
    return guess(service) != 429


def test_schedule_that_was_started_by_a_clock_years_ahead_runs_at_its_time_once_that_is_set_right(
    tmp_path: Path,
) -> None:
    clock = MovedClock(tmp_path / "path")
    clock.set_ahead(3650 * DAY)
    log = tmp_path / "log"
    with log.open("wb") as out:
        schedule = subprocess.Popen(
            [sys.executable, "-m", "training", "schedule", "--cron=0 2 * * 0", "--catch-up=false"],
            cwd=tmp_path,
            env=environment(PYTHONPATH=clock.python_path, TZ="UTC", RECSYS_DATA__DIR="sample"),
            stdout=out,
            stderr=out,
        )
    try:
        wait_until(lambda: "next run: " in log.read_text())
        now = datetime.now(UTC)
        assert f"next run: {now.year}" not in log.read_text(), "by a clock that is ten years ahead"
        sunday = (now + timedelta(days=7 - now.isoweekday() % 7)).replace(hour=2, minute=0, second=0)
        clock.set_ahead((sunday - now).total_seconds() - 5)
        wait_until(lambda: "retraining starts" in log.read_text())
    finally:
        schedule.terminate()
        assert schedule.wait(120) == 0, log.read_text()
