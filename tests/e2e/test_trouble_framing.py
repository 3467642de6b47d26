"""Where a request begins and ends: many fields, trailers, wishes for other protocols, and requests upon requests."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from load.connections import Connection
from load.processes import private_kib
from service_process import TOKEN, Service, unharmed

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /recommend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
RIGHT = b'{"user_ratings":{"10":5}}'
WISH = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@pytest.fixture(scope="module")
def service(start_alone: Callable[..., Service]) -> Service:
    """Return a service with one worker, so that what is asked costs its memory and nobody else's."""
    return start_alone("Framing")


@pytest.fixture(autouse=True)
def _well_afterwards(service: Service) -> Iterator[None]:
    with unharmed(service):
        yield


async def _sent_in_pieces(port: int, pieces: list[bytes]) -> Any:
    async with await Connection.open(port) as connection:
        for piece in pieces:
            connection.write(piece)
            await connection.drain()
            await asyncio.sleep(0.02)
        return await connection.receive()


def send(service: Service, content: bytes) -> Any:
    """Return the answer to bytes that are sent as they are."""
    return asyncio.run(_sent_in_pieces(service.port, [content]))


async def _flooded(port: int, content: bytes, n_answers: int) -> int:
    """Send a request again and again without waiting; return how many were sent when so many were answered with 200."""
    async with await Connection.open(port) as connection:
        n_sent = 0

        async def flood() -> None:
            nonlocal n_sent
            while True:
                connection.write(content * 1000)
                n_sent += 1000
                await connection.drain()

        flooding = asyncio.create_task(flood())
        try:
            assert {(await connection.receive()).status for _ in range(n_answers)} == {200}
        finally:
            flooding.cancel()
        return n_sent


@pytest.mark.parametrize("name", ["get", "post", "wish"])
def test_requests_that_come_faster_than_they_are_answered_wait_in_the_network(service: Service, name: str) -> None:
    content = {
        "get": LIVE + b"\r\n",
        "post": POST + b"Content-Length: 25\r\n\r\n" + RIGHT,
        "wish": LIVE + WISH + b"\r\n",
    }[name]
    worker = service.worker_pids[0]
    before = private_kib(worker)
    assert asyncio.run(_flooded(service.port, content, 1000)) > 1000
    assert private_kib(worker) - before < 8 * 1024


@pytest.mark.parametrize("field", [b"X%d: 1\r\n", b"a:\r\n", b"Cookie: a=b\r\n"])
@pytest.mark.parametrize("number", [199, 200, 5000, 20_000])
def test_head_of_many_fields_is_refused(service: Service, field: bytes, number: int) -> None:
    """However they come: the parser may have all before anybody counts."""
    fields = b"".join(field % at if b"%" in field else field for at in range(number))
    for pieces in ([LIVE + fields + b"\r\n"], [LIVE, fields, b"\r\n"], [LIVE + fields[:5000], fields[5000:] + b"\r\n"]):
        assert asyncio.run(_sent_in_pieces(service.port, pieces)).status == (200 if number < 200 else 431)


def test_open_heads_of_many_small_fields_cost_no_memory(service: Service) -> None:
    worker = service.worker_pids[0]
    before = private_kib(worker)

    async def statuses() -> set[int]:
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(await Connection.open(service.port)) for _ in range(100)]
            for connection in opened:
                connection.write(LIVE + b"a:\r\n" * 15_000)
            return {(await connection.receive()).status for connection in opened}

    assert asyncio.run(statuses()) == {431}
    assert private_kib(worker) - before < 24 * 1024


@pytest.mark.parametrize("number", [1, 150, 300, 10_000])
def test_trailers_are_no_fields_of_the_head(service: Service, number: int) -> None:
    """A proxy may have judged the head; what came later was taken for a part of it."""
    head = CHUNKED.replace(b"/recommend", b"/recommend?version=1")
    body = b"19\r\n" + RIGHT + b"\r\n0\r\n"
    token = b"Authorization: Bearer %b\r\n" % TOKEN.encode()
    assert send(service, head[:-2] + token + b"\r\n" + body + b"\r\n").status == 200
    reply = send(service, head + body + token * number + b"\r\n")
    # Of so many it is seen at the end of a piece only that they are too many.
    assert reply.status == 401 if number < 500 else reply.status == 431
    assert send(service, CHUNKED + body + b"X-Correlation-ID: later\r\n\r\n").headers["x-correlation-id"] != "later"


WISHES = {
    "h2c": WISH,
    "websocket": b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n",
    "two": b"Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: keep-alive, upgrade\r\n",
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("cut", [0, 1, 20, 40])
def test_wish_for_another_protocol_is_not_granted_and_the_body_is_read(service: Service, wish: str, cut: int) -> None:
    head = POST + WISHES[wish]
    length = b"Content-Length: 25\r\n\r\n" + RIGHT
    chunks = b"Transfer-Encoding: chunked\r\n\r\n19\r\n" + RIGHT + b"\r\n0\r\n\r\n"
    live = LIVE + WISHES[wish] + b"\r\n"
    content = head + length + live + head + chunks + LIVE + b"\r\n" + live

    async def replies() -> list[Any]:
        async with await Connection.open(service.port) as connection:
            connection.write(content[: len(content) - cut])
            await connection.drain()
            await asyncio.sleep(0.05)
            connection.write(content[len(content) - cut :])
            return [await connection.receive() for _ in range(5)]

    first, live_first, second, *others = asyncio.run(replies())
    assert first.json["strategy"] == "personal"
    assert first.json == second.json
    assert {reply.status for reply in (first, live_first, second, *others)} == {200}


@pytest.mark.parametrize("change", [(b"HTTP/1.1", b"HTTP/1.0"), (b"Connection: ", b"Connection: close, ")])
def test_last_request_of_a_connection_may_wish_for_another_protocol(
    service: Service, change: tuple[bytes, bytes]
) -> None:
    content = (POST + WISH + b"Content-Length: 25\r\n\r\n" + RIGHT).replace(*change)
    reply = send(service, content)
    assert (reply.status, reply.headers["connection"]) == (200, "close")
