"""Request lines and hosts that are none: whatever the method, and in whatever pieces they come."""

import asyncio
from collections.abc import Callable

import pytest
from load.connections import Connection, Reply
from service_process import Service

HOST = b"Host: x\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
BODY = b'{"user_ratings":{"10":5}}'
QUESTION = (
    b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 25\r\n\r\n" + BODY
)


@pytest.fixture(scope="module")
def service(start_alone: Callable[..., Service]) -> Service:
    """Return a service with one worker, so that all that happens is in one log and on one connection after another."""
    return start_alone("Heads")


def replies(service: Service, *pieces: bytes, number: int = 1) -> list[Reply]:
    """Return the answers to bytes that are sent in pieces, each taken by the service on its own."""

    async def sent() -> list[Reply]:
        async with await Connection.open(service.port) as connection:
            for piece in pieces:
                connection.write(piece)
                await connection.drain()
                if len(pieces) > 1:
                    await asyncio.sleep(0.02)
            return [await connection.receive() for _ in range(number)]

    return asyncio.run(sent())


def is_refused(reply: Reply, status: int) -> str:
    """Check that an answer is a refusal in the one shape and return its id."""
    assert (reply.status, reply.headers["connection"]) == (status, "close"), reply
    assert set(reply.json) == {"error", "detail", "correlation_id"}
    assert reply.json["error"] == {400: "BadRequestError", 505: "HttpVersionError"}[status]
    assert reply.headers["x-correlation-id"] == reply.json["correlation_id"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    return str(reply.json["correlation_id"])


RTSP_METHODS = (
    *("GET", "POST", "OPTIONS", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER"),
    *("SET_PARAMETER", "REDIRECT", "RECORD", "FLUSH"),
)
OTHERS = [f"{method} /health/live RTSP/1.0" for method in RTSP_METHODS]
OTHERS += [f"{method} /health/live ICE/1.0" for method in ("SOURCE", "GET", "PUT")]
OTHERS += [f"{method} /recommend {name}" for method in ("GET", "POST", "PUT") for name in ("RTSP/1.1", "ICE/1.1")]
OTHERS += ["GET /health/live http/1.1", "GET /health/live HTTP/1.10", "GET /health/live HTTP/01.1", "GET / HTTP/11"]
OTHERS += ["GET /health/live HTTP", "GET /health/live HTTPS/1.1", "GET /health/live SIP/2.0", "GET / HTTP/1.1 HTTP/1.1"]
OTHERS += ["GET /health/live   RTSP/1.0", "SOURCE / ICE/1.1", "get / HTTP/1.1", "FROB / HTTP/1.1"]
VERSIONS = ["GET /health/live HTTP/0.9", "GET /health/live HTTP/1.2", "GET / HTTP/2.0", "PUT / HTTP/3.0"]
TARGETS = [
    "GET *",
    "PUT *",
    "POST *",
    "OPTIONS *x",
    "GET /#top",
    "GET /health/live?a=b#top",
    "POST /recommend#",
    "GET #",
]
TARGETS += ["GET health", "GET ?a=b", "GET x:80", "CONNECT x:80", "GET http://x", "GET http://x?a", "GET ftp://x/"]
TARGETS += ["GET http://x/#top", "GET http://u@x/", "GET http://x:99999/", "GET http:///health", "GET http://[::g]/"]
LINES = [(line, 400) for line in OTHERS]
LINES += [(f"{target} HTTP/1.1", 400) for target in TARGETS]
LINES += [(line, 505) for line in VERSIONS]
HOSTS = [
    "",
    " ",
    "x:99999",
    "x:65536",
    "x:-1",
    "x:+1",
    "x:8a",
    "u@x",
    "u:p@x",
    "x y",
    "x/",
    "x?",
    "x#",
    "http://x",
    "x,y",
]
HOSTS += ["[::1", "[::g]", "[1]", "[::1]:99999", "x%", "x%0g", '"x"', "x\\y", "x:80:80", "<x>"]


@pytest.mark.parametrize(("line", "status"), LINES)
def test_request_line_is_refused_alone_in_pieces_and_behind_a_good_request(
    service: Service, line: str, status: int
) -> None:
    wrong = line.encode() + b"\r\n" + HOST + b"Content-Length: 0\r\n\r\n"
    middle = len(line) // 2
    for pieces in ([wrong], [wrong[:middle], wrong[middle:]], [wrong[: len(line) - 2], wrong[len(line) - 2 :]]):
        is_refused(replies(service, *pieces)[0], status)
    for good in (LIVE, QUESTION, LIVE + QUESTION):
        *before, last = replies(service, good + wrong, number=good.count(b"HTTP/1.1\r\n") + 1)
        assert {reply.status for reply in before} == {200}
        is_refused(last, status)


@pytest.mark.parametrize("host", HOSTS)
def test_host_that_is_none_is_refused(service: Service, host: str) -> None:
    for version in (b"1.0", b"1.1"):
        content = b"GET /health/live HTTP/%b\r\nHost: %b\r\n\r\n" % (version, host.encode())
        is_refused(replies(service, content)[0], 400)


@pytest.mark.parametrize(
    "content",
    [
        LIVE.replace(HOST, b""),
        LIVE.replace(HOST, HOST * 2),
        LIVE.replace(HOST, HOST + b"host: y\r\n"),
        LIVE.replace(HOST, b"Host:\r\n" + HOST),
        b"GET http://x/health/live HTTP/1.1\r\n\r\n",
        b"GET http://x/health/live HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET http://x/health/live HTTP/1.1\r\n" + HOST * 2 + b"\r\n",
        LIVE.replace(b"1.1", b"1.0").replace(HOST, HOST * 2),
    ],
    ids=["none", "two", "two_names", "empty_and_one", "only_target", "target_and_none", "target_and_two", "two_of_1.0"],
)
def test_request_without_one_host_is_refused(service: Service, content: bytes) -> None:
    is_refused(replies(service, content)[0], 400)


@pytest.mark.parametrize(
    "content",
    [
        LIVE,
        b"\r\n\r\n" + LIVE,
        LIVE.replace(b" /", b"   /"),
        LIVE.replace(b"1.1", b"1.0"),
        LIVE.replace(b"1.1", b"1.0").replace(HOST, b""),
        LIVE.replace(HOST, b"Host: x:\r\n"),
        LIVE.replace(HOST, b"Host:   [::1]:8000\t\r\n"),
        LIVE.replace(b" /", b" http://x/"),
        # The target counts for more than the field (RFC 9112, 3.2.2).
        LIVE.replace(b" /", b" http://y:81/"),
        LIVE.replace(HOST, HOST + b"X-Like: /health/live RTSP/1.0\r\n"),
        LIVE.replace(HOST, HOST + b"User-Agent: OFFICE/16 ICE/1.0\r\n"),
    ],
    ids=lambda content: repr(content[:60]),
)
def test_request_of_http_is_answered_in_whatever_pieces(service: Service, content: bytes) -> None:
    assert [reply.json for reply in replies(service, content)] == [{"status": "alive"}]
    assert [reply.status for reply in replies(service, content[:20], content[20:-5], content[-5:])] == [200]
    if b"1.1" in content:
        assert [reply.status for reply in replies(service, content * 3, number=3)] == [200] * 3


def test_request_line_that_comes_byte_by_byte_is_refused(service: Service) -> None:
    wrong = b"GET /health/live RTSP/1.0\r\n\r\n"
    for good in (b"", LIVE, QUESTION):
        content = good + wrong
        pieces = (content[at : at + 1] for at in range(len(good), len(content)))
        got = replies(service, good, *pieces, number=2 if good else 1)
        assert [reply.status for reply in got[:-1]] == [200] * (len(got) - 1)
        is_refused(got[-1], 400)


def test_each_refusal_leaves_one_line_under_its_id(service: Service) -> None:
    wrong = ["GET /health/live RTSP/1.0", "SOURCE /x ICE/1.0", "GET /#top HTTP/1.1", "GET * HTTP/1.1"]
    ids = [is_refused(replies(service, line.encode() + b"\r\n" + HOST + b"\r\n")[0], 400) for line in wrong]
    service.wait_until(lambda: ids[-1] in service.log.read_text())
    lines = [line for line in service.lines if line["correlation_id"] in ids]
    assert [(line["method"], line["path"], line["status_code"]) for line in lines] == [
        ("GET", "/health/live", 400),
        ("SOURCE", "/x", 400),
        ("GET", "/#top", 400),
        ("GET", "*", 400),
    ]
