"""Where the log goes is full, gone, or read by nobody: requests are answered all the same."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.connections import Connection
from published_models import publish
from service_process import NOBODY, Service

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

ALIAS = "Logged"
N_REQUESTS = 1500
"""Their lines are some times what a pipe takes."""


@pytest.fixture(scope="module")
def cache(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logged") / "cache"
    publish(ModelCache(root, "movie-recommender", ALIAS), tiny)
    return root


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    yield reading, writing
    os.close(writing)


def start(start_service: Any, cache: Path, stdout: int) -> Service:
    service: Service = start_service(
        ALIAS, cache=cache, stdout=stdout, MLFLOW_TRACKING_URI=NOBODY, RECSYS_API__WORKERS="1"
    )
    service.wait_for_version("1")
    return service


def ask_often(service: Service) -> set[int]:
    async def ask() -> set[int]:
        async with await Connection.open(service.port) as connection:
            return {(await connection.ask("/health/live")).status for _ in range(N_REQUESTS)}

    return asyncio.run(ask())


def test_standard_output_full_kept_connections_are_answered_and_lost_lines_counted(
    start_service: Any, cache: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        service = start(start_service, cache, full.fileno())
        assert ask_often(service) == {200}
        service.wait_until(lambda: service.ask("/metrics").json["log_lines_dropped"] >= N_REQUESTS)
    assert service.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_pipe_that_nobody_reads_requests_are_answered_and_the_service_ends_as_told(
    start_service: Any, cache: Path, pipe: tuple[int, int], number: int
) -> None:
    service = start(start_service, cache, pipe[1])
    assert ask_often(service) == {200}
    assert service.ask("/health").json["model_version"] == "1"
    assert service.stop(number) == 0
    os.close(pipe[0])


def test_reader_of_the_log_leaves_requests_are_answered(start_service: Any, cache: Path, pipe: tuple[int, int]) -> None:
    service = start(start_service, cache, pipe[1])
    os.close(pipe[0])
    assert ask_often(service) == {200}
    assert service.stop() == 0
