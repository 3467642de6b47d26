"""A proxy in front of a real server that alters what a hostile artifact store could: its lists and its files."""

import http.client
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
"""Lists have a query, files a longer path."""

Alteration = Callable[[str, bytes], Iterator[bytes] | None]
"""Given a path with its query and the true answer; returns the pieces to send instead, None for the true answer."""


class AlteringProxy:
    """The proxy.

    Attributes
    ----------
    url
        Its address.
    alter
        What is altered; nothing at first.
    asked
        The paths of all artifacts that were asked for.
    """

    def __init__(self, target: str) -> None:
        self.alter: Alteration = lambda *_: None
        self.asked: list[str] = []
        self._ended = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self, target))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def dripping(self, seconds: float) -> Iterator[bytes]:
        """Yield a byte every so many seconds until the proxy ends."""
        while not self._ended.wait(seconds):
            yield b"x"

    def end(self) -> None:
        """End the proxy."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


def _handler_of(proxy: AlteringProxy, target: str) -> type[http.server.BaseHTTPRequestHandler]:
    where = urlsplit(target)

    class Handler(http.server.BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            pieces: Any = None
            if self.command == "GET" and self.path.startswith(ARTIFACTS):
                proxy.asked.append(self.path)
                pieces = proxy.alter(self.path, content)
            self.send_response(200 if pieces is not None else answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            if pieces is None:
                self.send_header("Content-Length", str(len(content)))
                pieces = (content,)
            else:  # ends with the connection
                self.close_connection = True
                self.send_header("Connection", "close")
            self.end_headers()
            with suppress(OSError):  # the caller has had enough
                for piece in pieces:
                    self.wfile.write(piece)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def altering_proxy(target: str) -> Iterator[AlteringProxy]:
    """Yield a proxy in front of a server."""
    proxy = AlteringProxy(target)
    try:
        yield proxy
    finally:
        proxy.end()
