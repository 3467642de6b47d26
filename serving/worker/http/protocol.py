"""HTTP/1.1 as uvicorn speaks it, with the limit that it lacks: on the head of a request, and on what trails its body.

Without one, a caller who never ends a header makes the worker keep all of it.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.worker.context import random_uuid
from serving.worker.errors import NAME_OF
from serving.worker.http.joined_writes import JoinedWrites

MAX_HEAD_BYTES = 64 * 1024
"""When so much has come without a request or a part of its body to show for it, the connection ends."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection; what is no request is answered in the product's one shape of errors."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._undelivered = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport)))

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, unless too much of it has led to nothing."""
        if self._undelivered > MAX_HEAD_BYTES:
            self._refuse(431, f"the head of a request is limited to {MAX_HEAD_BYTES} bytes")
            return
        self._undelivered += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._undelivered = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a body."""
        self._undelivered = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and end the connection."""
        self._refuse(400, msg)

    def _refuse(self, status: int, detail: str) -> None:
        correlation_id = random_uuid()
        body = orjson.dumps({"error": NAME_OF[status], "detail": detail, "correlation_id": correlation_id})
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            "x-correlation-id": correlation_id,
        }
        self.transport.write(_head(status, headers) + body)
        self.transport.close()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")
