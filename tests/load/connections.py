"""HTTP/1.1 over plain sockets on this machine, so that a test knows what was sent and what came back."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

PATIENCE_SECONDS = 60.0
"""How long an answer may take on a machine that others use as well."""


class RefusedError(Exception):
    """No connection came about, so nothing was sent."""


class CutError(Exception):
    """A connection ended before the whole answer to a request was there."""


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)

    @property
    def version(self) -> str:
        """Return the model version that answered."""
        return self.headers["x-model-version"]


class Connection:
    """One connection to 127.0.0.1, for one request after another; has to be closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Return a new connection; `RefusedError` when nobody listens."""
        try:
            return cls(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise RefusedError(str(error)) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ask(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Return the answer to a GET, or to a POST when there is a body; `CutError` when it does not come whole."""
        return await self.send(request_bytes(path, body, **headers))

    async def send(self, content: bytes) -> Reply:
        """Send bytes as they are and return the answer; `CutError` when it does not come whole."""
        try:
            self.write(content)
            return await self.receive()
        except OSError as error:
            raise CutError(repr(error)) from error

    def write(self, content: bytes) -> None:
        """Send bytes without waiting for anything."""
        self._writer.write(content)

    async def drain(self) -> None:
        """Wait until the kernel has taken most of what was written."""
        await self._writer.drain()

    async def receive(self) -> Reply:
        """Return the next answer; `CutError` when it does not come whole."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise CutError(repr(error)) from error
        return Reply(int(first.split()[1]), headers, body)

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


async def ask_once(port: int, path: str, body: Any = None, **headers: str) -> Reply:
    """Return the answer over a connection of its own."""
    async with await Connection.open(port) as connection:
        return await connection.ask(path, body, **headers)


def request_bytes(path: str, body: Any = None, **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content
