"""What takes a short way is answered without a task, in the words and in the order of what takes the long one."""

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient
from uvicorn.server import ServerState

from recsys.logs import set_up_logs
from recsys.settings import Settings
from serving.worker.app import create_app, short_ways_of
from serving.worker.http.hosts import hosts_of
from serving.worker.http.limits import connection_limits
from serving.worker.http.protocol import BoundedHttpProtocol, protocol_with
from serving.worker.http.shared import Shared
from serving.worker.http.short_way import LONGEST_BODY

QUESTION = json.dumps({"user_ratings": {"10": 5, "30": 1}, "n": 3}).encode()
SIMILAR = b"GET /movies/10/similar HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(body: bytes, *fields: bytes, version: bytes = b"1.1") -> bytes:
    head = [b"POST /recommend HTTP/" + version, b"Host: localhost", b"Content-Type: application/json", *fields]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", body])


class Wire(asyncio.Transport):
    """The other end of a connection."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 8000), "peername": ("127.0.0.1", 5000)})
        self.sent = b""
        self.closed = False
        self.ended = False

    def write(self, data: Any) -> None:
        assert not self.closed
        assert not self.ended
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.ended = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    @property
    def answers(self) -> list[int]:
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", self.sent)]


@pytest.fixture
def app(settings: Settings, publish: Any) -> FastAPI:
    publish(1)
    return create_app(settings)


@pytest.fixture
def connect(app: FastAPI, settings: Settings) -> Callable[[], Any]:
    """Return a function that opens a connection to the app, within a running loop."""

    @contextmanager
    def connected() -> Iterator[tuple[BoundedHttpProtocol, Wire]]:
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, ws="none")
        config.load()
        shared = Shared(connection_limits(settings.limits), hosts_of(settings), lambda *_: None, lambda: "1")
        connection = protocol_with(shared, short_ways_of(app))(config=config, server_state=ServerState(), app_state={})
        connection.connection_made(wire := Wire())
        yield connection, wire
        connection.connection_lost(None)

    return connected


async def answered(wire: Wire, n: int) -> None:
    async with asyncio.timeout(60):
        while len(wire.answers) < n:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("request_bytes", [post(QUESTION), post(b'{"user_ratings": {}}'), SIMILAR])
def test_plain_request_is_answered_without_a_task(connect: Any, request_bytes: bytes) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            connection.data_received(request_bytes)
            await asyncio.sleep(0)
            assert not connection.tasks
            assert wire.answers == [200]

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post(b"{"), 422),
        (post(b'{"user_ratings": {"10": 9}}'), 422),
        (post(QUESTION, b"Origin: https://films.example"), 200),
        (SIMILAR.replace(b"/10/", b"/99/"), 404),
        (SIMILAR.replace(b"GET", b"HEAD"), 200),
        (LIVE, 200),
    ],
)
def test_other_requests_get_a_task(connect: Any, request_bytes: bytes, status: int) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            connection.data_received(request_bytes)
            await asyncio.sleep(0)
            assert len(connection.tasks) == 1
            await answered(wire, 1)
            assert wire.answers == [status]

    asyncio.run(ask())


def test_answer_is_that_of_the_long_way(connect: Any, app: FastAPI) -> None:
    async def ask() -> bytes:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION, b"X-Correlation-ID: mine"))
            await asyncio.sleep(0)
            return wire.sent

    head, _, body = asyncio.run(ask()).partition(b"\r\n\r\n")
    plain = {"Content-Type": "application/json", "X-Correlation-ID": "mine", "Expect": "nothing"}
    long = TestClient(app).post("/recommend", content=QUESTION, headers=plain)
    fields = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    assert {name.decode(): value.decode() for name, value in fields} == dict(long.headers)
    assert body == long.content
    assert app.state.services.metrics.by_endpoint()["POST /recommend"].requests == 2


def test_body_in_pieces_is_waited_for(connect: Any) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            whole = post(QUESTION)
            for piece in (whole[:20], whole[20:-10], whole[-10:]):
                assert not wire.answers
                connection.data_received(piece)
                await asyncio.sleep(0.01)
                assert not connection.tasks
            await answered(wire, 1)
            assert wire.answers == [200]
            connection.data_received(SIMILAR)
            await asyncio.sleep(0)
            assert wire.answers == [200, 200]

    asyncio.run(ask())


def test_caller_who_leaves_within_a_body_is_told_to_the_app_and_logged(connect: Any) -> None:
    log = io.StringIO()
    set_up_logs("INFO", as_json=True, stream=log)

    async def leave() -> None:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION)[:-10])
            wire.close()
            connection.connection_lost(ConnectionResetError())
            assert len(connection.tasks) == 1
            await asyncio.gather(*connection.tasks)
            assert not wire.sent

    asyncio.run(leave())
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["path"], line["message"]) for line in told] == [("/recommend", "no answer: the caller has gone")]


def test_large_body_is_not_waited_for(connect: Any) -> None:
    async def ask() -> None:
        with connect() as (connection, _):
            connection.data_received(post(QUESTION + b" " * LONGEST_BODY)[:-10])
            await asyncio.sleep(0)
            assert len(connection.tasks) == 1

    asyncio.run(ask())


def test_pipelined_requests_are_answered_in_their_order(connect: Any) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            n_pairs = 300
            connection.data_received((SIMILAR + SIMILAR.replace(b"/10/", b"/99/")) * n_pairs)
            await answered(wire, 2 * n_pairs)
            assert wire.answers == [200, 404] * n_pairs

    asyncio.run(ask())


def test_what_follows_and_is_no_request_is_refused_after_the_answer(connect: Any) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION) + b"\x00nonsense\r\n\r\n")
            await answered(wire, 2)
            assert wire.answers == [200, 400]

    asyncio.run(ask())


def test_caller_who_does_not_read_is_waited_for(connect: Any) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            connection.pause_writing()
            connection.data_received(post(QUESTION))
            await asyncio.sleep(0.05)
            assert not wire.sent
            connection.resume_writing()
            await answered(wire, 1)
            assert wire.answers == [200]

    asyncio.run(ask())


def test_refused_caller_who_expects_to_continue_is_told_once_and_ended(connect: Any) -> None:
    chunked = (
        b"POST /recommend HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )

    async def ask() -> None:
        told: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        with connect() as (connection, wire):
            connection.data_received(chunked + b"ZZ\r\n")
            await answered(wire, 1)
            await asyncio.gather(*connection.tasks)
            await asyncio.sleep(0)
            assert (wire.answers, wire.ended, told) == ([400], True, [])
            connection.expire(connection.loop.time() + 60)
            assert wire.closed

    asyncio.run(ask())


def test_caller_who_leaves_before_the_round_is_not_answered(connect: Any) -> None:
    async def leave() -> None:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION))
            wire.close()
            connection.connection_lost(ConnectionResetError())
            await asyncio.sleep(0)
            await asyncio.gather(*connection.tasks)
            assert not wire.sent

    asyncio.run(leave())


def test_worker_that_ends_before_the_round_answers_and_closes(connect: Any) -> None:
    async def end() -> None:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION))
            connection.shutdown()
            await asyncio.sleep(0)
            assert wire.answers == [200]
            assert b"connection: close" in wire.sent
            assert wire.closed

    asyncio.run(end())


@pytest.mark.parametrize("request_bytes", [post(QUESTION, version=b"1.0"), post(QUESTION, b"Connection: close")])
def test_connection_is_closed_where_the_caller_keeps_none(connect: Any, request_bytes: bytes) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            connection.data_received(request_bytes)
            await asyncio.sleep(0)
            assert wire.answers == [200]
            assert b"\r\nconnection: close\r\n" in wire.sent
            assert wire.closed

    asyncio.run(ask())


def test_connection_is_closed_when_the_worker_ends(connect: Any, app: FastAPI) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            app.state.services.metrics.board.announce_end()
            connection.data_received(post(QUESTION))
            await asyncio.sleep(0)
            assert wire.sent.count(b"connection: close\r\n") == 1
            assert wire.closed

    asyncio.run(ask())


def test_fault_on_the_short_way_is_left_to_the_long_one(
    connect: Any, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("serving.worker.questions.recommend", fail)

    async def ask() -> None:
        with connect() as (connection, wire):
            connection.data_received(post(QUESTION))
            await answered(wire, 1)
            assert wire.answers == [500]
            assert json.loads(wire.sent.partition(b"\r\n\r\n")[2])["error"] == "InternalServerError"

    asyncio.run(ask())
    assert app.state.services.metrics.by_endpoint()["POST /recommend"].requests == 1


def test_request_that_fails_unforeseen_ends_its_connection(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    async def ask() -> None:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        with connect() as (connection, wire):
            monkeypatch.setattr(connection.short_ways, "answer", fail)
            connection.data_received(SIMILAR)
            await asyncio.sleep(0)
            assert (wire.answers, wire.closed) == ([], True)
            monkeypatch.undo()
        assert [type(context["exception"]) for context in told] == [ZeroDivisionError]

    asyncio.run(ask())


def test_time_that_a_body_takes_is_counted(connect: Any, app: FastAPI) -> None:
    async def ask() -> None:
        with connect() as (connection, wire):
            whole = post(QUESTION)
            connection.data_received(whole[:-5])
            await asyncio.sleep(0.2)
            connection.data_received(whole[-5:])
            await answered(wire, 1)

    asyncio.run(ask())
    assert app.state.services.metrics.by_endpoint()["POST /recommend"].seconds >= 0.19
