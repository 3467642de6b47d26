"""Large and strange tables to score, while other requests and a promotion go on."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from load.connections import Connection, Reply
from load.processes import private_kib
from service_process import Service

from recsys.registry import Registry

pytestmark = pytest.mark.slow

ALIAS = "Weighed"
WANTED = {"n": 50, "diversity": 0.5}
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Iterator[Service]:
    """Return a service with one worker whose MLflow is imported."""
    registry.set_alias(ALIAS, 1)
    started: Service = start_service(ALIAS, RECSYS_API__WORKERS="1")
    started.wait_for_version("1")
    started.wait_until(lambda: started.ask("/invocations", table(1)).status == 200)
    yield started
    assert started.ask("/metrics").json["status_codes"].get("500") is None


def table(n_rows: int, **params: float) -> dict[str, Any]:
    return {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10]]] * n_rows}, "params": params}


def post(content: bytes, content_type: str = "application/json") -> bytes:
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + content


async def at_once(port: int, contents: list[bytes]) -> list[Reply]:
    async def one(content: bytes) -> Reply:
        async with await Connection.open(port) as connection:
            return await connection.send(content)

    return await asyncio.gather(*map(one, contents))


def test_tables_that_are_too_large_are_refused_and_a_promotion_goes_on(service: Service, registry: Registry) -> None:
    worker = service.worker_pids[0]
    before = private_kib(worker)
    large = post(json.dumps(table(20_000, **WANTED)).encode())
    replies = asyncio.run(at_once(service.port, [large] * 8))
    assert {reply.status for reply in replies} <= {413, 429}
    assert 413 in {reply.status for reply in replies}
    registry.set_alias(ALIAS, 2)
    service.wait_for_version("2")
    assert private_kib(worker) - before < 100 * 1024


def test_more_tables_than_slots_some_are_told_to_come_back(service: Service) -> None:
    most = post(json.dumps(table(1000, **WANTED)).encode())
    replies = asyncio.run(at_once(service.port, [most] * 30))
    assert {reply.status for reply in replies} == {200, 429}
    for reply in replies:
        assert len(reply.body) < 10 * MEBIBYTE
        if reply.status == 429:
            assert int(reply.headers["retry-after"]) > 0
            assert reply.json["error"] == "TooManyRequestsError"


STRANGE = {
    "5000_digits": (b'{"dataframe_split": ' + b"9" * 5000 + b"}", 400),
    "5000_digits_of_an_id": (b'{"inputs": {"movie_ids": [[' + b"9" * 5000 + b"]]}}", 400),
    "30_digits_of_an_id": (b'{"inputs": {"movie_ids": [[' + b"9" * 30 + b"]]}}", 400),
    "deep": (b"[" * 60_000 + b"]" * 60_000, 400),
    "deep_ids": (b'{"inputs": {"movie_ids": ' + b"[" * 500 + b"1" + b"]" * 500 + b"}}", 400),
    "huge_n": (json.dumps(table(1, n=10**9)).encode(), 422),
    "n_beyond_64_bits": (json.dumps(table(1, n=10**30)).encode(), 400),
    "text_of_50000_characters_for_n": (json.dumps(table(1, n="9" * 50_000)).encode(), 400),
    "nan_n": (b'{"inputs": {"movie_ids": [[10]]}, "params": {"n": NaN}}', 400),
    "infinite_diversity": (b'{"inputs": {"movie_ids": [[10]]}, "params": {"diversity": Infinity}}', 400),
    "nan_id": (b'{"inputs": {"movie_ids": [[NaN]]}}', 400),
    "text_for_ids": (b'{"inputs": {"movie_ids": [["ten"]]}}', 400),
    "object_for_ids": (b'{"inputs": {"movie_ids": [{"a": 1}]}}', 400),
    "null_ids": (b'{"inputs": {"movie_ids": [null]}}', 400),
    "ragged_rows": (b'{"dataframe_split": {"columns": ["movie_ids"], "data": [[[10]], []]}}', 400),
    "columns_that_are_objects": (b'{"dataframe_split": {"columns": [{}], "data": [[1]]}}', 400),
    "doubled_columns": (b'{"dataframe_split": {"columns": ["movie_ids", "movie_ids"], "data": [[[1], [1]]]}}', 400),
    "params_that_are_a_list": (b'{"inputs": {"movie_ids": [[10]]}, "params": [1]}', 400),
    "lone_surrogate": (b'{"inputs": {"\\ud800": [[10]]}}', 400),
    "empty_object": (b"{}", 400),
}


@pytest.mark.parametrize("name", STRANGE)
def test_table_that_is_strange_is_refused(service: Service, name: str) -> None:
    content, status = STRANGE[name]
    (reply,) = asyncio.run(at_once(service.port, [post(content)]))
    assert reply.status == status, reply.body[:300]
    assert b"Traceback" not in reply.body
    assert len(reply.body) < 3_000  # an error repeats little of what was sent


def test_caller_who_leaves_is_no_failure(service: Service) -> None:
    async def leave() -> None:
        for _ in range(20):
            async with await Connection.open(service.port) as connection:
                connection.write(post(json.dumps(table(1000, **WANTED)).encode()))
                await connection.drain()

    asyncio.run(leave())
    service.wait_until(lambda: service.ask("/invocations", table(1)).status == 200)
