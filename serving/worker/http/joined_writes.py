"""One system call for an answer where uvicorn makes two: one for the head, one for the body."""

import asyncio
from typing import Any


class JoinedWrites:
    """A transport that sends together what is written within one turn of the event loop, at its end.

    Parameters
    ----------
    transport
        Of the connection; whatever else is asked of this one goes to it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._waiting: list[bytes] = []
        self._closing = False
        self._ends = False
        self.n_written = 0

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has by that name."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send at the end of the turn."""
        if not self._waiting:
            self._call_soon(self._send)
        self._waiting.append(data)
        self.n_written += len(data)

    def write_eof(self) -> None:
        """Tell the caller, after what waits, that nothing more comes."""
        self._ends = True
        if not self._waiting:
            self._transport.write_eof()

    def is_closing(self) -> bool:
        """Return whether the connection is closing; asked for every request."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Close as soon as what waits is sent."""
        self._closing = True
        if not self._waiting:
            self._transport.close()

    def _send(self) -> None:
        if not self._transport.is_closing():  # the caller may have gone in the same turn
            self._transport.write(b"".join(self._waiting))
            if self._ends:
                self._transport.write_eof()
        self._waiting.clear()
        if self._closing:
            self._transport.close()
