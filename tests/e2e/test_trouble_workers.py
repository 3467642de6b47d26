"""Four workers as one service: exact counts, also beyond the death of a worker, and whole lines in one log."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.clients import Load
from load.connections import ask_once
from published_models import publish
from service_process import NOBODY, Service, environment, free_port

from recsys.data import Dataset
from recsys.log_lines import FIELDS
from serving.shared.model_cache import ModelCache

N_WORKERS = 4
LIVE = "GET /health/live"
SIMILAR = "GET /movies/{movie_id}/similar"


@pytest.fixture(scope="module")
def service(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service whose output goes through a pipe, as in a container; the log is what came out of it."""
    folder = tmp_path_factory.mktemp("four")
    publish(ModelCache(folder / "cache", "movie-recommender", "Four"), tiny)
    port = free_port()
    settings = {
        "MLFLOW_TRACKING_URI": NOBODY,
        "RECSYS_ENVIRONMENT": "prod",
        "RECSYS_MODEL__ALIAS": "Four",
        "RECSYS_MODEL__CACHE_DIR": str(folder / "cache"),
        "RECSYS_MODEL__POLL_SECONDS": "60",
        "RECSYS_API__PORT": str(port),
        "RECSYS_API__WORKERS": str(N_WORKERS),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "serving"],
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    (folder / "log").touch()
    copying = threading.Thread(target=_copy, args=(process, folder / "log"))
    copying.start()
    started = Service(process, port, folder / "log")
    try:
        started.wait_until(lambda: started.ask("/metrics").json["workers"] == N_WORKERS)
        yield started
    finally:
        process.terminate()
        process.wait(120)
        copying.join()
        process.stdout.close()  # type: ignore[union-attr]


def _copy(process: subprocess.Popen[bytes], log: Path) -> None:
    with log.open("wb") as copy:
        for line in process.stdout:  # type: ignore[union-attr]
            copy.write(line)
            copy.flush()


def counted(service: Service) -> dict[str, int]:
    """Return the requests by endpoint as JSON tells them, after a look that the text tells the same of those asked."""
    found: dict[str, int] = service.ask("/metrics").json["requests_by_endpoint"]
    text = service.ask("/metrics", Accept="text/plain").text
    for label in {LIVE, SIMILAR} & found.keys():
        method, path = label.split()
        rows = re.findall(
            rf'^recsys_requests_total{{method="{method}",endpoint="{re.escape(path)}",.*}} (\d+)$', text, re.M
        )
        assert sum(map(int, rows)) == found[label]
    return found


async def ask_many(port: int, path: str, n_requests: int) -> None:
    """Ask so often over connections of their own, twenty at a time."""
    for _ in range(n_requests // 20):
        replies = await asyncio.gather(*(ask_once(port, path) for _ in range(20)))
        assert {reply.status for reply in replies} == {200}


def test_metrics_of_four_workers_are_exact_from_every_worker_and_after_one_is_killed(service: Service) -> None:
    before = counted(service)
    asyncio.run(ask_many(service.port, "/health/live", 400))
    asyncio.run(ask_many(service.port, "/movies/10/similar", 200))
    expected = {**before, LIVE: before.get(LIVE, 0) + 400, SIMILAR: before.get(SIMILAR, 0) + 200}

    def own(found: dict[str, int]) -> dict[str, int]:
        return {label: count for label, count in found.items() if label != "GET /metrics"}

    assert all(own(counted(service)) == own(expected) for _ in range(10))
    for victim in service.worker_pids[:2]:
        os.kill(victim, signal.SIGKILL)
        service.wait_until(lambda gone=victim: gone not in service.worker_pids)  # type: ignore[misc]
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    assert all(own(counted(service)) == own(expected) for _ in range(10))
    asyncio.run(ask_many(service.port, "/health/live", 100))
    expected[LIVE] += 100
    assert all(own(counted(service)) == own(expected) for _ in range(10))


def test_worker_killed_again_and_again_is_replaced_and_leaves_nothing_behind(service: Service) -> None:
    n_before, n_kills = open_files(service.process.pid), 3
    for _ in range(n_kills):
        victim = service.worker_pids[-1]
        os.kill(victim, signal.SIGKILL)
        service.wait_until(lambda gone=victim: gone not in service.worker_pids)  # type: ignore[misc]
        service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    service.wait_until(lambda: len(service.worker_pids) == N_WORKERS)
    # The sync may open and close some of its own meanwhile.
    assert open_files(service.process.pid) < n_before + n_kills


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_long_paths_from_many_callers_leave_whole_lines_in_a_shared_pipe(service: Service) -> None:
    n_before = len(service.log.read_text().splitlines())
    paths = ["/" + "a" * 60_000, "/" + "%F0%9F%8E%AC" * 500, "/" + "%22" * 5000, "/health/live"]

    async def crowd() -> Any:
        load = Load(service.port, [(path, None) for path in paths], n_clients=12)
        await load.until(lambda log: len(log.replies) > 600)
        return await load.finish()

    log = asyncio.run(crowd())
    assert (log.cut, log.statuses) == ([], {200, 404})
    service.wait_until(lambda: len(service.log.read_text().splitlines()) >= n_before + len(log.replies))
    lines = [json.loads(line) for line in service.log.read_text().splitlines()[n_before:]]
    assert {tuple(line) for line in lines} == {FIELDS}
    mine = [line for line in lines if line["logger"] == "serving.requests" and line["path"] != "/metrics"]
    assert len(mine) == len(log.replies)
