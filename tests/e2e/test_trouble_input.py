"""What a caller can send that no client library would; each time the service has to be well afterwards."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from load.connections import Connection, CutError, ask_once
from load.processes import private_kib
from service_process import Service, unharmed

from recsys.log_lines import FIELDS
from serving.worker.http.middleware import MAX_BODY_BYTES

HOST = b"Host: x\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST
CHUNKED = (
    b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
POST = b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
RIGHT = b'{"user_ratings":{"10":5}}'
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def service(start_alone: Callable[..., Service]) -> Service:
    """Return a service with one worker, so that whatever happens happens to it."""
    return start_alone("Pestered")


@pytest.fixture(autouse=True)
def _well_afterwards(service: Service) -> Iterator[None]:
    with unharmed(service):
        yield


def send(service: Service, content: bytes) -> Any:
    """Return the answer to bytes that are sent as they are."""

    async def sent() -> Any:
        async with await Connection.open(service.port) as connection:
            return await connection.send(content)

    return asyncio.run(sent())


def post(content: bytes, path: bytes = b"/recommend") -> bytes:
    """Return a POST of any bytes as JSON."""
    length = str(len(content)).encode()
    head = b"POST %b HTTP/1.1\r\n%bContent-Type: application/json\r\nContent-Length: %b\r\n\r\n"
    return head % (path, HOST, length) + content


BODIES = {
    "deep_lists": (b"[" * 100_000 + b"]" * 100_000, 400),
    "deep_objects": (b'{"user_ratings":' * 10_000, 400),
    "not_utf8": (b'{"user_ratings":{"\xff":5}}', 400),
    "lone_surrogate": (b'{"user_ratings":{"\\ud800":5}}', 422),
    "nan": (b'{"user_ratings":{"10":NaN}}', 422),
    "infinity": (b'{"user_ratings":{"10":Infinity}}', 422),
    "negative_infinity": (b'{"user_ratings":{"10":-Infinity}}', 422),
    "overflowing_float": (b'{"user_ratings":{"10":1e999}}', 422),
    "nan_n": (b'{"user_ratings":{},"n":NaN}', 422),
    "nan_min_rating": (b'{"user_ratings":{},"min_rating":NaN}', 422),
    "nan_diversity": (b'{"user_ratings":{},"diversity":NaN}', 422),
    "5000_digits": (b'{"user_ratings":{},"n":' + b"9" * 5000 + b"}", 400),
    "id_of_5000_digits": (b'{"user_ratings":{"' + b"9" * 5000 + b'":5}}', 422),
    "id_beyond_64_bits": (b'{"user_ratings":{"9223372036854775808":5}}', 422),
    "zero_bytes": (b"\0" * 1000, 422),
    "26000_faults": (b'{"user_ratings":{' + b",".join(b'"%x":9' % number for number in range(26_000)) + b"}}", 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_body_that_is_no_question_is_refused_in_the_one_shape(service: Service, name: str) -> None:
    content, status = BODIES[name]
    reply = send(service, post(content))
    assert reply.status == status
    assert set(reply.json) == {"error", "detail", "correlation_id"}
    assert len(reply.body) < MAX_BODY_BYTES


@pytest.mark.parametrize(
    "content",
    [
        b'{"user_ratings":{"10":1,"10":5}}',
        b'{"user_ratings":{"10":1},"user_ratings":{"10":5}}',
        b'{"user_ratings":{"10":1,"010":5}}',
    ],
    ids=["id", "field", "id_in_two_spellings"],
)
def test_duplicate_key_the_last_counts(service: Service, content: bytes) -> None:
    assert send(service, post(content)).body == send(service, post(b'{"user_ratings":{"10":5}}')).body


@pytest.mark.parametrize("declared", [MAX_BODY_BYTES + 1, 10**12])
def test_declared_length_beyond_the_limit_is_refused_unread(service: Service, declared: int) -> None:
    head = b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % declared
    assert send(service, head).status == 413


async def _sent_until_answered(port: int, beginning: bytes, part: bytes) -> tuple[int, int | None]:
    """Return how much was sent before an answer came, at most 64 MiB, and its status; None for a cut connection."""
    async with await Connection.open(port) as connection:
        connection.write(beginning)
        answer = asyncio.create_task(connection.receive())
        n_sent = 0
        while not answer.done() and n_sent < 64 * MEBIBYTE:
            try:
                connection.write(part)
                await connection.drain()
            except OSError:
                break
            n_sent += len(part)
            await asyncio.sleep(0)
        try:
            return n_sent, (await answer).status
        except CutError:
            return n_sent, None


ENDLESS = {
    "chunked_body": (CHUNKED, b"4000\r\n" + b" " * 0x4000 + b"\r\n", {413}),
    "header": (LIVE + b"X-Long: ", b"a" * 0x4000, {431, None}),
    "headers": (LIVE, b"X-Many: 1\r\n" * 1000, {431, None}),
    "path": (b"GET /", b"a" * 0x4000, {400, 431, None}),
    "trailer": (CHUNKED + b"0\r\nX-Long: ", b"a" * 0x4000, {400, 431, None}),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_request_is_ended_and_costs_no_memory(service: Service, name: str) -> None:
    beginning, part, statuses = ENDLESS[name]
    worker = service.worker_pids[0]
    before = private_kib(worker)
    n_sent, status = asyncio.run(_sent_until_answered(service.port, beginning, part))
    assert status in statuses
    assert n_sent < 16 * MEBIBYTE, "most of it waits in the buffers of the kernel"
    assert private_kib(worker) - before < 8 * 1024


NO_HTTP = {
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "method": b"FROB / HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw_path": b"GET /movies/\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "negative_length": b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "two_lengths": b"POST /recommend HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}",
    "length_and_chunks": CHUNKED.replace(HOST, HOST + b"Content-Length: 3\r\n") + b"0\r\n\r\n",
    "bad_chunk": CHUNKED + b"zz\r\nhello\r\n",
    "folded_id": LIVE + b"X-Correlation-ID: a\r\n b\r\n\r\n",
    "line_feed_in_id": LIVE + b"X-Correlation-ID: a\nb\r\n\r\n",
    "escape_in_id": LIVE + b"X-Correlation-ID: \x1b[31m\r\n\r\n",
    "no_host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two_hosts": LIVE + HOST + b"\r\n",
    "two_hosts_in_one": b"GET /health/live HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "empty_host": b"GET /health/live HTTP/1.1\r\nHost:\r\n\r\n",
    "path_in_host": b"GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "user_in_host": b"GET /health/live HTTP/1.1\r\nHost: u@a\r\n\r\n",
    "target_of_another_scheme": b"GET ftp://x/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect": b"CONNECT x:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect_to_an_address": b"CONNECT http://x:99999/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "target_without_a_path": b"GET http://x HTTP/1.1\r\n" + HOST + b"\r\n",
    "target_with_an_impossible_port": b"GET http://x:99999/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "target_with_a_user": b"GET http://x@y/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "target_without_a_slash": b"GET health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "zero_in_id": LIVE + b"X-Correlation-ID: a\0b\r\n\r\n",
    "length_with_a_sign": POST + b"Content-Length: +25\r\n\r\n" + RIGHT,
    "two_lengths_in_one": POST + b"Content-Length: 25, 25\r\n\r\n" + RIGHT,
    "length_twice": POST + b"Content-Length: 25\r\n" * 2 + b"\r\n" + RIGHT,
    "length_in_hexadecimal": POST + b"Content-Length: 0x19\r\n\r\n" + RIGHT,
    "length_of_24_digits": POST + b"Content-Length: " + b"9" * 24 + b"\r\n\r\n" + RIGHT,
    "no_length": POST + b"Content-Length:\r\n\r\n" + RIGHT,
    "chunked_twice": CHUNKED.replace(b": chunked", b": chunked, chunked") + b"0\r\n\r\n",
    "chunked_in_two_fields": CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "not_quite_chunked": CHUNKED.replace(b": chunked", b": xchunked") + b"0\r\n\r\n",
    "chunked_and_length": CHUNKED[:-2] + b"Content-Length: 25\r\n\r\n0\r\n\r\n",
    "encoding_of_another_name": CHUNKED.replace(b"Encoding:", b"Encoding :") + b"0\r\n\r\n",
    "chunk_of_a_negative_size": CHUNKED + b"-1\r\n",
    "chunk_of_17_digits": CHUNKED + b"f" * 17 + b"\r\n",
    "chunk_in_hexadecimal_twice": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "chunk_size_and_a_blank": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "chunk_longer_than_it_says": CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n",
    "chunk_ends_in_line_feeds": CHUNKED + b"2\n{}\n0\n\n",
    "length_in_a_trailer": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 25\r\n\r\n",
    "lines_end_in_line_feeds": LIVE.replace(b"\r\n", b"\n") + b"\n",
    "lines_end_in_returns": LIVE.replace(b"\r\n", b"\r") + b"\r",
    "head_ends_in_a_line_feed": LIVE + b"\n",
    "return_in_a_field": LIVE + b"X: a\rb\r\n\r\n",
    "folded_field": LIVE + b"X: a\r\n\tb\r\n\r\n",
    "blank_before_the_fields": LIVE.replace(HOST, b" " + HOST) + b"\r\n",
    "blank_before_the_colon": LIVE + b"X : a\r\n\r\n",
    "field_without_a_name": LIVE + b": a\r\n\r\n",
    "field_without_a_colon": LIVE + b"X\r\n\r\n",
    "field_of_no_ascii": LIVE + b"X\xe9: a\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_no_http_is_refused_in_the_one_shape_and_the_connection_ends(service: Service, name: str) -> None:
    reply = send(service, NO_HTTP[name])
    assert (reply.status, reply.headers["connection"]) == (400, "close")
    assert reply.json["error"] == "BadRequestError"
    assert reply.headers["x-correlation-id"] == reply.json["correlation_id"]
    assert reply.headers["x-model-version"] == "1"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "date" in reply.headers
    assert "callback" not in reply.json["detail"], "that is how the parser is built"


@pytest.mark.parametrize(
    "target",
    [b"http://x/health/live", b"HTTP://x:80/health/live", b"https://x./health/live", b"http://[::1]:8000/health/live"],
)
def test_target_that_is_a_whole_address_is_answered(service: Service, target: bytes) -> None:
    assert send(service, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n").json == {"status": "alive"}


def test_refusal_of_head_has_no_body(service: Service) -> None:
    async def answer() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(b"HEAD /health/live HTTP/1.1\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.read(), 60)
        finally:
            writer.close()

    head, body = asyncio.run(answer()).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b""


@pytest.mark.parametrize("encoding", [b"gzip, chunked", b"identity, chunked"])
def test_transfer_encoding_other_than_chunked_is_refused(service: Service, encoding: bytes) -> None:
    reply = send(service, CHUNKED.replace(b": chunked", b": " + encoding) + b"2\r\n{}\r\n0\r\n\r\n")
    assert (reply.status, reply.json["error"]) == (415, "UnsupportedEncodingError")


@pytest.mark.parametrize(
    ("content", "version"),
    [
        (b"GET /health/live\r\n\r\n", "0.9"),
        (b"GET /health/live HTTP/0.9\r\n\r\n", "0.9"),
        (LIVE.replace(b"1.1", b"2.0") + b"\r\n", "2.0"),
        (LIVE.replace(b"1.1", b"1.2") + b"\r\n", "version"),
        (LIVE.replace(b"1.1", b"3.0") + b"\r\n", "version"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
    ],
    ids=["simple", "0.9", "2.0", "1.2", "3.0", "preface"],
)
def test_version_of_http_that_is_not_spoken_is_refused(service: Service, content: bytes, version: str) -> None:
    reply = send(service, content)
    expected = (505, "HttpVersionError") if version else (400, "BadRequestError")
    assert (reply.status, reply.json["error"]) == expected
    assert reply.headers["connection"] == "close"
    assert version in reply.json["detail"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (NO_HTTP["two_lengths"], 400),
        (NO_HTTP["zero_in_id"], 400),
        (LIVE.replace(b"1.1", b"2.0") + b"\r\n", 505),
        (LIVE + b"X: " + b"a" * 100_000, 431),
    ],
    ids=["400", "400_in_a_header", "505", "431"],
)
def test_refusal_leaves_one_line_under_its_id_and_is_counted(service: Service, content: bytes, status: int) -> None:
    before = service.ask("/metrics").json["status_codes"].get(str(status), 0)
    reply = asyncio.run(_refused_after(service.port, content))
    assert reply.status == status
    my_id = reply.headers["x-correlation-id"]
    service.wait_until(lambda: my_id in service.log.read_text())
    assert [line["status_code"] for line in service.lines if line["correlation_id"] == my_id] == [status]
    assert service.ask("/metrics").json["status_codes"][str(status)] == before + 1


async def _refused_after(port: int, content: bytes) -> Any:
    """Return the answer to bytes that are sent in two parts, as the second of them tells that it is too much."""
    async with await Connection.open(port) as connection:
        connection.write(content)
        await connection.drain()
        await asyncio.sleep(0.2)
        return await connection.send(b"\r\n")


PIPELINED = {
    "no_http": (b"no http\r\n\r\n", 400),
    "bad_chunk": (NO_HTTP["bad_chunk"], 400),
    "no_host": (NO_HTTP["no_host"], 400),
    "version": (LIVE.replace(b"1.1", b"2.0") + b"\r\n", 505),
    "large_head": (LIVE + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431),
}


@pytest.mark.parametrize("name", PIPELINED)
def test_refusal_comes_after_the_answers_that_are_due(service: Service, name: str) -> None:
    wrong, status = PIPELINED[name]

    async def statuses() -> list[int]:
        async with await Connection.open(service.port) as connection:
            connection.write(post(b'{"user_ratings":{"10":5}}') + LIVE + b"\r\n" + LIVE + b"\r\n" + wrong)
            return [(await connection.receive()).status for _ in range(4)]

    assert asyncio.run(statuses()) == [200, 200, 200, status]


@pytest.mark.parametrize("size", [60_000, 65_000, 65_536, 66_000, 70_000, 200_000])
@pytest.mark.parametrize("where", ["path", "query", "header", "headers"])
def test_long_head_is_answered_or_refused(service: Service, where: str, size: int) -> None:
    long = {
        "path": b"GET /" + b"a" * size + b" HTTP/1.1\r\n" + HOST,
        "query": b"GET /movies/10?a=" + b"a" * size + b" HTTP/1.1\r\n" + HOST,
        "header": LIVE + b"X: " + b"a" * size + b"\r\n",
        "headers": LIVE + b"X: 1\r\n" * (size // 6),
    }[where]
    reply = asyncio.run(_refused_after(service.port, long))
    assert reply.status == 431 if size > 2 * 65_536 else reply.status in (200, 404, 431)


FORGED = [
    b'x","level":"ERROR',
    b"a b",
    b"a%0ab",
    b"\xe2\x80\xa8",
    b"a" * 129,
    b"",
    b"{}\\n{}",
]


def test_forged_ids_and_paths_leave_one_whole_line_for_each_request(service: Service) -> None:
    service.ask("/health/live", None, **{"X-Correlation-ID": "before"})
    service.wait_until(lambda: any(line["correlation_id"] == "before" for line in requests_in(service)))
    n_before = len(requests_in(service))
    for number, forged in enumerate(FORGED):
        path = b"/%d%%0a%%0d%%e2%%80%%a8%%1b%%7b%%22level%%22:%%22ERROR%%22%%7d" % number
        reply = send(service, b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"X-Correlation-ID: " + forged + b"\r\n\r\n")
        assert reply.status == 404
        assert str(uuid.UUID(reply.headers["x-correlation-id"])) == reply.headers["x-correlation-id"]
    service.wait_until(lambda: len(requests_in(service)) >= n_before + len(FORGED))
    mine = requests_in(service)[n_before:]
    assert [(line["status_code"], line["path"][:3]) for line in mine] == [
        (404, f"/{number}\n") for number in range(len(FORGED))
    ]
    assert {tuple(line) for line in service.lines} == {FIELDS}
    assert {line["level"] for line in mine} == {"INFO"}


def requests_in(service: Service) -> list[dict[str, Any]]:
    """Return the log's lines of requests."""
    return [line for line in service.lines if line["logger"] == "serving.requests"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_caller_who_leaves_in_the_middle_of_a_body_is_no_failure(service: Service, content_type: str) -> None:
    before = service.ask("/metrics").json
    my_id = f"left-{uuid.uuid4()}"

    async def leave() -> None:
        async with await Connection.open(service.port) as connection:
            head = f"POST /recommend HTTP/1.1\r\nHost: x\r\nX-Correlation-ID: {my_id}\r\n"
            head += f"Content-Type: {content_type}\r\n"
            connection.write(head.encode() + b"Content-Length: 99\r\n\r\n{")
            await connection.drain()

    asyncio.run(leave())
    service.wait_until(lambda: my_id in service.log.read_text())
    mine = [line for line in service.lines if line["correlation_id"] == my_id]
    assert [(line["level"], line["status_code"]) for line in mine] == [("INFO", None)]
    after = service.ask("/metrics").json
    assert (after["failed_requests"], after["errors_by_type"]) == (before["failed_requests"], before["errors_by_type"])


def test_nothing_but_an_answer_follows_a_refused_body(service: Service) -> None:
    """What follows a refused request on its connection is a request, never taken for the rest of the last."""

    async def two() -> list[int]:
        async with await Connection.open(service.port) as connection:
            first = await connection.send(post(b"{"))
            return [first.status, (await connection.ask("/health/live")).status]

    assert asyncio.run(two()) == [422, 200]
    assert asyncio.run(ask_once(service.port, "/health/live")).status == 200
