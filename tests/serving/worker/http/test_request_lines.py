"""Which protocol a request line names, in whatever pieces it comes, judged over the parser that does not tell."""

from itertools import product

import httptools
import pytest

from serving.worker.http.request_lines import NOT_HTTP, RequestLines

HTTP = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
RTSP = b"GET /a RTSP/1.0\r\nHost: x\r\n\r\n"
ICE = b"SOURCE /c ICE/1.1\r\nHost: x\r\n\r\n"


class Reader:
    """Reads as a connection does."""

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.lines = RequestLines()
        self.versions: list[str] = []
        self.head_is_open = self.in_body = False

    def on_message_begin(self) -> None:
        self.url, self.head_is_open = b"", True

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_headers_complete(self) -> None:
        self.versions.append(self.lines.version(self.parser.get_method(), self.url, self.parser))
        self.head_is_open, self.in_body = False, True

    def on_message_complete(self) -> None:
        self.in_body = False

    def read(self, *pieces: bytes) -> list[str]:
        for piece in pieces:
            self.lines.has_come(piece, in_body=self.in_body)
            self.parser.feed_data(piece)
            self.lines.was_read(head_is_open=self.head_is_open)
        return self.versions


WIRE = [
    (HTTP, ["1.1"]),
    (RTSP, [NOT_HTTP]),
    (ICE, [NOT_HTTP]),
    (RTSP.replace(b"1.0", b"1.1"), [NOT_HTTP]),
    (RTSP.replace(b" RTSP", b"   RTSP"), [NOT_HTTP]),
    (b"\r\n\r\n" + RTSP, [NOT_HTTP]),
    (b"\r\n" + HTTP, ["1.1"]),
    (HTTP.replace(b"1.1", b"1.0"), ["1.0"]),
    (b"GET /a\r\n\r\n", ["0.9"]),
    (HTTP + RTSP, ["1.1", NOT_HTTP]),
    (HTTP.replace(b"x", b"/a RTSP/1.0") * 3, ["1.1"] * 3),
    (HTTP * 3 + RTSP, ["1.1", "1.1", "1.1", NOT_HTTP]),
    (HTTP + HTTP + ICE, ["1.1", "1.1", NOT_HTTP]),
    (POST + RTSP, ["1.1", NOT_HTTP]),
    (POST + HTTP, ["1.1", "1.1"]),
    (HTTP.replace(b"x", b"RTSP/1.0"), ["1.1"]),
    (HTTP + POST.replace(b"Host: x", b"X: /a RTSP/1.0"), ["1.1", "1.1"]),
]


@pytest.mark.parametrize(("content", "versions"), WIRE)
def test_version_whatever_the_pieces(content: bytes, versions: list[str]) -> None:
    assert Reader().read(content) == versions
    for at in range(1, len(content)):
        assert Reader().read(content[:at], content[at:]) == versions, at
    assert Reader().read(*(content[at : at + 1] for at in range(len(content)))) == versions


def test_version_in_three_pieces() -> None:
    content = POST + RTSP
    for first, second in product(range(1, len(content)), repeat=2):
        if first < second:
            pieces = content[:first], content[first:second], content[second:]
            assert Reader().read(*pieces) == ["1.1", NOT_HTTP]


def test_many_heads_in_one_piece() -> None:
    reader = Reader()
    assert reader.read((HTTP + POST) * 2000 + RTSP) == ["1.1"] * 4000 + [NOT_HTTP]


def test_nothing_of_a_request_is_kept_once_it_is_read() -> None:
    reader = Reader()
    for piece in (HTTP, POST[:-1], b"}", HTTP + HTTP[:5], HTTP[5:]):
        reader.read(piece)
    assert (reader.lines._raw, reader.lines._at) == (b"", 0)
