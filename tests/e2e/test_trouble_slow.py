"""Connections that never finish what they began, and more of them than a worker holds."""

import asyncio
import re
import resource
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from load.connections import Connection, CutError, ask_once
from load.processes import private_kib
from service_process import NOBODY, Service

pytestmark = pytest.mark.slow

HEAD = b"POST /recommend HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CLOSED = b"POST /cache/clear HTTP/1.1\r\nHost: 127.0.0.1\r\n"
NO_ROUTE = b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WISH = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
PAGE = b"GET /docs-assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
MAX_CONNECTIONS = 20
PATIENCE_SECONDS = 90.0


@pytest.fixture(scope="module")
def service(start_alone: Callable[..., Service]) -> Service:
    """Return a service with one worker of little patience."""
    return start_alone(
        "Slow",
        RECSYS_LIMITS__CONNECTIONS=str(MAX_CONNECTIONS),
        RECSYS_LIMITS__HEAD_SECONDS="1",
        RECSYS_LIMITS__BODY_SECONDS="1",
        RECSYS_LIMITS__IDLE_SECONDS="1",
        RECSYS_LIMITS__ANSWER_SECONDS="2",
        RECSYS_LIMITS__BUFFERED_MIB="1",
        RECSYS_MODEL__POLL_SECONDS="0.5",
    )


SILENT: dict[str, tuple[bytes, bytes, int | None]] = {
    # What is sent at once, what is sent again and again, and the status of the last answer.
    "nothing": (b"", b"", None),
    "half_request_line": (b"GET /hea", b"", 408),
    "half_head": (LIVE, b"", 408),
    "dripping_head": (LIVE, b"X: 1\r\n", 408),
    "line_feeds": (b"", b"\r\n", 408),
    "half_body": (HEAD + b"Content-Length: 99\r\n\r\n{", b"", 408),
    "no_body": (HEAD + b"Content-Length: 99\r\n\r\n", b"", 408),
    "dripping_body": (HEAD + b"Content-Length: 99999\r\n\r\n", b" ", 408),
    "half_chunk": (HEAD + CHUNKED + b"\r\nff\r\n{", b"", 408),
    "dripping_chunks": (HEAD + CHUNKED + b"\r\n", b"1\r\n \r\n", 408),
    "half_trailer": (HEAD + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX: ", b"", 408),
    "waiting_for_100": (HEAD + b"Content-Length: 99\r\nExpect: 100-continue\r\n\r\n", b"", 408),
    "idle_after_an_answer": (LIVE + b"\r\n", b"", 200),
    "no_method_after_an_answer": (LIVE + b"\r\n", b"G", 400),
    "half_head_after_an_answer": (LIVE + b"\r\n" + LIVE, b"", 200),
    "dripping_head_after_an_answer": (LIVE + b"\r\n" + LIVE, b"X: 1\r\n", 408),
    "refused_and_still_sending": (HEAD + b"Content-Length: 999999999\r\n\r\n", b" " * 99, 413),
    "http_1.0": (LIVE.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n", b"", 200),
    "upgrade": (LIVE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", b"", 200),
    "refused_and_never_closed": (b"no http\r\n\r\n", b"", 400),
    "no_chunk_while_waiting_for_100": (HEAD + CHUNKED + b"Expect: 100-continue\r\n\r\nZZ\r\n", b"", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"", 400),
    "dripping_blanks": (b"GET ", b" ", 408),
    "dripping_blanks_after_the_target": (b"GET / ", b" ", 408),
    "dripping_chunk_size": (HEAD + CHUNKED + b"\r\n", b"0", 408),
    "dripping_chunk_extension": (HEAD + CHUNKED + b"\r\n2;a=", b"x", 408),
    "endless_chunk_extension": (HEAD + CHUNKED + b"\r\n2;a=", b"x" * 50_000, 431),
    "dripping_trailers": (HEAD + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n", b"X: 1\r\n", 408),
    "endless_trailers": (HEAD + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n", b"X: 1\r\n" * 10_000, 431),
    "no_chunk_after_100": (HEAD + CHUNKED + b"Expect: 100-continue\r\n\r\n", b"", 408),
    "empty_lines_after_an_answer": (LIVE + b"\r\n", b"\r\n", 408),
    "dripping_body_of_an_answered_get": (LIVE + b"Content-Length: 99999\r\n\r\n", b"x", 200),
    "chunks_of_an_answered_get": (LIVE + CHUNKED + b"\r\n", b"1\r\nx\r\n", 200),
    "dripping_body_of_a_closed_route": (CLOSED + b"Content-Length: 9999\r\n\r\n", b"x", 401),
    "endless_chunks_of_no_route": (NO_ROUTE + CHUNKED + b"\r\n", b"4000\r\n" + b"x" * 0x4000 + b"\r\n", 404),
    "dripping_table": (HEAD.replace(b"recommend", b"invocations") + b"Content-Length: 9999\r\n\r\n", b" ", 408),
    "dripping_body_and_a_wish": (HEAD + WISH + b"Content-Length: 9999\r\n\r\n", b" ", 408),
    "frames_after_a_wish": (LIVE + WISH + b"\r\n", b"\x81\x05hello", 400),
}


async def _last_answer(port: int, beginning: bytes, part: bytes) -> int | None:
    """Return the status of the last answer before the service ends the connection, which the caller never does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(beginning)

    async def drip() -> None:
        while part:
            writer.write(part)
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    content = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while piece := await reader.read(65536):
                content += piece
    except ConnectionError:
        pass
    finally:
        dripping.cancel()
    await _is_closed(writer)
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", content)]
    # The note to go on is no answer.
    return [status for status in statuses if status != 100][-1] if set(statuses) - {100} else None


async def _is_closed(writer: asyncio.StreamWriter) -> None:
    """Wait until nobody takes what a caller still sends: the service no longer holds the connection."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):
                while True:
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.1)
    finally:
        writer.close()


@pytest.mark.parametrize("name", SILENT)
def test_connection_that_does_not_go_on_is_ended(service: Service, name: str) -> None:
    beginning, part, status = SILENT[name]
    assert asyncio.run(_last_answer(service.port, beginning, part)) == status


def test_caller_who_does_not_read_is_let_go(service: Service) -> None:
    async def never_read() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(5):
                connection = await stack.enter_async_context(await Connection.open(service.port))
                connection.write(PAGE * 20)
            await asyncio.to_thread(service.wait_until, lambda: service.ask("/metrics").json["connections"] >= 5)
            await asyncio.to_thread(service.wait_until, lambda: service.ask("/metrics").json["connections"] <= 1)

    asyncio.run(never_read())


def test_more_connections_than_a_worker_holds_are_told_so(service: Service) -> None:
    async def crowd() -> list[Any]:
        async with AsyncExitStack() as stack:
            held = [
                await stack.enter_async_context(await Connection.open(service.port)) for _ in range(MAX_CONNECTIONS)
            ]
            for connection in held:
                assert (await connection.ask("/health/live")).status == 200
            return [await ask_once(service.port, "/health/live") for _ in range(3)]

    for reply in asyncio.run(crowd()):
        assert (reply.status, reply.json["error"]) == (503, "OverloadedError")
        assert int(reply.headers["retry-after"]) > 0
        assert reply.headers["connection"] == "close"
    service.wait_until(lambda: any("RECSYS_LIMITS__CONNECTIONS" in line["message"] for line in service.lines))
    service.wait_until(lambda: service.ask("/health/live").status == 200)


def test_half_bodies_take_no_more_memory_than_they_may(service: Service) -> None:
    worker = service.worker_pids[0]
    before = private_kib(worker)
    half = HEAD + b"Content-Length: 200000\r\n\r\n" + b" " * 190_000

    async def status_of(connection: Connection) -> int | None:
        try:
            connection.write(half)
            return (await connection.receive()).status
        except CutError:
            return None

    async def together() -> list[int | None]:
        async with AsyncExitStack() as stack:
            connections = [await Connection.open(service.port) for _ in range(MAX_CONNECTIONS - 2)]
            for connection in connections:
                stack.push_async_callback(connection.close)
            return await asyncio.gather(*map(status_of, connections))

    assert 503 in asyncio.run(together())
    assert private_kib(worker) - before < 20 * 1024
    service.wait_until(lambda: service.ask("/recommend", {"user_ratings": {"10": 5}}).status == 200)


def test_requests_that_wait_for_their_turn_take_no_more_memory_than_they_may(service: Service) -> None:
    """Each of them is small, and what the worker makes of it is not."""
    worker = service.worker_pids[0]
    before = private_kib(worker)

    async def statuses_of(connection: Connection) -> list[int]:
        statuses = []
        with suppress(CutError):
            while True:
                statuses.append((await connection.receive()).status)
        return statuses

    async def together() -> list[list[int]]:
        async with AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(await Connection.open(service.port)) for _ in range(10)]
            for connection in connections:
                connection.write(PAGE + (LIVE + b"\r\n") * 250)
            await asyncio.sleep(1)
            return await asyncio.gather(*map(statuses_of, connections))

    found = asyncio.run(together())
    assert {503} <= {statuses[-1] for statuses in found} <= {200, 503}
    assert {status for statuses in found for status in statuses[:-1]} == {200}
    assert private_kib(worker) - before < 16 * 1024


def _few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))


def test_few_descriptors_the_service_answers_with_503_and_recovers(
    start_service: Callable[..., Service], service: Service
) -> None:
    few = start_service("Slow", cache=service.cache, MLFLOW_TRACKING_URI=NOBODY, preexec_fn=_few_descriptors)
    few.wait_for_version("1")

    async def crowd() -> set[int]:
        async with AsyncExitStack() as stack:
            statuses = set()
            for _ in range(400):
                connection = await stack.enter_async_context(await Connection.open(few.port))
                try:
                    statuses.add((await connection.ask("/health/live")).status)
                except CutError:
                    statuses.add(0)
            return statuses

    assert 503 in asyncio.run(crowd())
    few.wait_until(lambda: few.ask("/recommend", {"user_ratings": {"10": 5}}).status == 200)
