"""The service under load: told to end, robbed of a worker, held up by thousands of slow clients."""

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from load.clients import Load, Log
from load.connections import Connection, Reply, ask_once, request_bytes
from load.processes import connections_of, freeze, is_running, wait_until
from published_models import publish
from service_process import NOBODY, Service

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

pytestmark = pytest.mark.slow

ALIAS = "Burdened"
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}
QUESTIONS = [("/recommend", QUESTION), ("/movies/10/similar", None), ("/movies/search?q=a", None), ("/health", None)]
N_SLOW = 2000
WORKERS = pytest.mark.parametrize("n_workers", [1, 4])


@pytest.fixture(scope="module")
def cache(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache in which version 1 is published."""
    root = tmp_path_factory.mktemp("burdened") / "cache"
    publish(ModelCache(root, "movie-recommender", ALIAS), tiny)
    return root


def start(start_service: Any, cache: Path, n_workers: int) -> Service:
    service: Service = start_service(
        ALIAS,
        cache=cache,
        RECSYS_API__WORKERS=str(n_workers),
        MLFLOW_TRACKING_URI=NOBODY,
        # The slow clients are slower still on a machine that others use as well.
        RECSYS_LIMITS__HEAD_SECONDS="600",
        RECSYS_LIMITS__BODY_SECONDS="600",
        RECSYS_LIMITS__IDLE_SECONDS="600",
    )
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == n_workers)
    return service


async def _sigterm(service: Service, *, keep_alive: bool) -> Any:
    load = Load(service.port, QUESTIONS, n_clients=24, keep_alive=keep_alive)
    await load.until(lambda log: len(log.replies) > 500)
    service.process.send_signal(signal.SIGTERM)
    await load.until(lambda log: log.refused > 24)
    return await load.finish()


@WORKERS
@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept", "new"])
def test_sigterm_under_load_every_accepted_request_is_answered(
    start_service: Any, cache: Path, n_workers: int, keep_alive: bool
) -> None:
    service = start(start_service, cache, n_workers)
    workers = service.worker_pids
    log = asyncio.run(_sigterm(service, keep_alive=keep_alive))
    assert service.process.wait(120) == 0
    assert log.cut == []
    assert log.statuses == {200}
    assert not any(map(is_running, workers))


def test_sigterm_with_a_slow_request_waits_for_it_and_with_a_stuck_one_ends_all_the_same(
    start_service: Any, cache: Path
) -> None:
    service = start(start_service, cache, 1)
    content = request_bytes("/recommend", QUESTION)

    async def trouble() -> Any:
        slow, stuck = [await Connection.open(service.port) for _ in range(2)]
        for connection in (slow, stuck):
            connection.write(content[:-5])
        await ask_once(service.port, "/health/live")
        service.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(2)
        reply = await slow.send(content[-5:])
        code = await asyncio.to_thread(service.process.wait, 30)
        await asyncio.gather(slow.close(), stuck.close())
        return reply, code

    reply, code = asyncio.run(trouble())
    assert (reply.status, reply.json["strategy"]) == (200, "personal")
    assert code == 0


@WORKERS
def test_killed_worker_under_load_takes_its_own_requests_only(start_service: Any, cache: Path, n_workers: int) -> None:
    service = start(start_service, cache, n_workers)

    async def trouble() -> tuple[Any, int, int]:
        load = Load(service.port, QUESTIONS, n_clients=24)
        await load.until(lambda log: len(log.replies) > 500)
        victim = max(service.worker_pids, key=lambda pid: connections_of(pid, service.port))
        freeze(victim)
        n_held = connections_of(victim, service.port)
        os.kill(victim, signal.SIGKILL)
        back = asyncio.to_thread(
            service.wait_until,
            lambda: victim not in service.worker_pids and service.ask("/metrics").json["workers"] == n_workers,
        )
        await back
        so_far = len(load.log.replies)
        await load.until(lambda log: len(log.replies) > so_far + 500)
        return await load.finish(), n_held, victim

    log, n_held, victim = asyncio.run(trouble())
    assert n_held > 0
    assert len(log.cut) <= n_held, log.cut
    assert log.refused == 0
    assert log.statuses == {200}
    assert not is_running(victim)
    assert len(service.worker_pids) == n_workers
    assert service.stop() == 0


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process, and what it starts, have as many files open as the machine allows."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < N_SLOW + 500:
        pytest.skip(f"this machine allows {before[1]} open files, too few for {N_SLOW} clients")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@WORKERS
def test_2000_slow_clients_hold_nobody_up_and_are_all_answered(
    start_service: Any, cache: Path, many_files: None, n_workers: int
) -> None:
    service = start(start_service, cache, n_workers)
    content = request_bytes("/recommend", QUESTION)
    # Some have not even got through their headers.
    cuts = [(20, len(content) // 2, len(content) - 1)[number % 3] for number in range(N_SLOW)]

    async def trouble() -> tuple[list[Reply], Log]:
        async with AsyncExitStack() as stack:
            slow = [await stack.enter_async_context(await Connection.open(service.port)) for _ in range(N_SLOW)]
            for connection, cut in zip(slow, cuts, strict=True):
                connection.write(content[:cut])
            await asyncio.to_thread(wait_until, lambda: held_by(service) >= N_SLOW)
            load = Load(service.port, QUESTIONS, n_clients=4, keep_alive=False)
            for _ in range(50):  # answered although the slow ones hold all their connections
                assert (await ask_once(service.port, "/recommend", QUESTION)).status == 200
            log = await load.finish()
            for connection, cut in zip(slow, cuts, strict=True):
                connection.write(content[cut:])
            return await asyncio.gather(*(connection.receive() for connection in slow)), log

    replies, log = asyncio.run(asyncio.wait_for(trouble(), 150))
    assert (log.cut, log.refused, log.statuses) == ([], 0, {200})
    assert len(replies) == N_SLOW
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert service.stop() == 0


def held_by(service: Service) -> int:
    return sum(connections_of(pid, service.port) for pid in service.worker_pids)
