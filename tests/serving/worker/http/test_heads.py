import httptools
import pytest

from serving.worker.http.heads import MAX_HEAD_BYTES, complaint_of_error, complaint_of_head, is_too_large
from serving.worker.http.hosts import Hosts
from serving.worker.http.request_lines import NOT_HTTP

HOSTS = Hosts(["films.example", "[::1]"])
RIGHT = [(b"accept", b"*/*"), (b"host", b"films.example")]


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/movies/1?n=2",
        b"http://films.example/movies",
        b"HTTPS://films.example:443/",
        b"http://[::1]:8000/movies",
    ],
)
def test_head_of_a_request_for_this_service(target: bytes) -> None:
    assert complaint_of_head(b"GET", target, RIGHT, "1.1", HOSTS) is None


def test_star_is_for_options() -> None:
    assert complaint_of_head(b"OPTIONS", b"*", RIGHT, "1.1", HOSTS) is None
    complaint = complaint_of_head(b"GET", b"*", RIGHT, "1.1", HOSTS)
    assert complaint is not None
    assert complaint.status == 400


@pytest.mark.parametrize(
    ("target", "fields", "version", "status", "says"),
    [
        (b"/", RIGHT, "2.0", 505, "HTTP/2.0 is not supported; use HTTP/1.1"),
        (b"/", RIGHT, "0.9", 505, "HTTP/0.9"),
        (b"/", RIGHT, NOT_HTTP, 400, "does not end in a version of HTTP"),
        (b"/#top", RIGHT, "1.1", 400, "no fragment"),
        (b"/?a#top", RIGHT, "1.1", 400, "no fragment"),
        (b"*x", RIGHT, "1.1", 400, "begins with a slash"),
        (b"/", [], "1.1", 400, "no Host field"),
        (b"/", RIGHT * 2, "1.1", 400, "2 Host fields"),
        (b"/", [(b"host", b"evil.example")], "1.1", 400, "not addressed as evil.example"),
        (b"movies", RIGHT, "1.1", 400, "begins with a slash"),
        (b"films.example:443", RIGHT, "1.1", 400, "begins with a slash"),
        (b"ftp://films.example/", RIGHT, "1.1", 400, "by http"),
        (b"http://films.example", RIGHT, "1.1", 400, "by http"),
        (b"http://me@films.example/", RIGHT, "1.1", 400, "names no user"),
        (b"http://evil.example/", RIGHT, "1.1", 400, "not addressed as evil.example"),
        (b"http://[::2]/", RIGHT, "1.1", 400, "not addressed as [::2]"),
    ],
)
def test_head_of_another_request(
    target: bytes, fields: list[tuple[bytes, bytes]], version: str, status: int, says: str
) -> None:
    complaint = complaint_of_head(b"GET", target, fields, version, HOSTS)
    assert complaint is not None
    assert complaint.status == status
    assert says in complaint.detail


def test_old_version_needs_no_host() -> None:
    assert complaint_of_head(b"GET", b"/", [], "1.0", HOSTS) is None


@pytest.mark.parametrize(("n_more", "too_large"), [(0, False), (1, True)])
def test_size_is_of_target_and_fields(n_more: int, too_large: bool) -> None:
    assert is_too_large(b"/" * 10, [(b"name", b"v" * (MAX_HEAD_BYTES - 18 + n_more))]) == too_large


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET / HTTP/1.2\r\n\r\n", 505),
        (b"PUT / RTSP/1.0\r\n\r\n", 400),
        (b"\x00\r\n\r\n", 400),
    ],
)
def test_what_the_parser_does_not_understand(content: bytes, status: int) -> None:
    with pytest.raises(httptools.HttpParserError) as raised:
        httptools.HttpRequestParser(object()).feed_data(content)
    assert complaint_of_error(raised.value).status == status
