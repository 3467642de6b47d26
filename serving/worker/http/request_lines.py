"""Which protocol a request line names.

The parser takes RTSP and ICE for HTTP as well, for the methods that they share with it, and does not tell which it has
read. Almost all requests come alone and in one piece, and their line is looked at in its place. That of any other is
searched for in what has come.
"""

import re

import httptools

NOT_HTTP = "none"
"""The version of a request that names another protocol."""

_PROTOCOL = re.compile(rb" +(HTTP|RTSP|ICE)/")


class RequestLines:
    """The request lines of one connection."""

    __slots__ = ("_at", "_piece", "_raw")

    def __init__(self) -> None:
        self._raw = b""
        self._piece = b""
        self._at = 0

    def has_come(self, data: bytes, *, in_body: bool) -> None:
        """Take bytes that the parser is about to read.

        Parameters
        ----------
        in_body
            Whether they begin with the rest of a body.
        """
        self._piece = b"" if in_body or self._raw else data
        self._raw += data

    def was_read(self, *, head_is_open: bool) -> None:
        """Forget what has come, unless it is followed by the rest of a head."""
        if not head_is_open:
            self._raw, self._at = b"", 0

    def version(self, method: bytes, target: bytes, parser: httptools.HttpRequestParser) -> str:
        """Return the version of HTTP that a request names whose head is complete, as ``1.1``; `NOT_HTTP` for none."""
        piece, self._piece = self._piece, b""
        end = len(method) + 1 + len(target)
        if piece.startswith(b" HTTP/1.1\r", end):
            self._at = end
            return "1.1"
        # A line that ends after its target is of 0.9, as the parser says.
        return parser.get_http_version() if self._next_protocol(target) in (b"HTTP", None) else NOT_HTTP

    def _next_protocol(self, target: bytes) -> bytes | None:
        """Return the protocol in the next line with a target, which follows the head before it."""
        word = b" %b " % target
        at = self._raw.find(word, self._raw.find(b"\r\n\r\n", self._at) if self._at else 0)
        while at >= 0:
            at += len(word) - 1
            found = _PROTOCOL.match(self._raw, at)
            if found is not None:
                self._at = found.end()
                return found[1]
            at = self._raw.find(word, at)
        return None
