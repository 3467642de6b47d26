"""Requests that come before the last are answered (RFC 9112, 9.3.2) are read as fast as they are answered, not faster.

Uvicorn reads on whenever one of them is answered, and all that has come by then becomes requests, each of fifty times
its size on the wire: a caller who sends faster than the service answers filled the memory.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Sized
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

from serving.worker.http.at_once import AtOnceProtocol

PIECE_BYTES = 16 * 1024
"""So much is read at a time before it is looked whether requests wait for their turn."""


class PacedFlow(FlowControl):
    """Reads nothing as long as requests wait for their turn.

    Parameters
    ----------
    transport
        Of the connection.
    waiting
        The requests that wait.
    """

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, if nothing waits."""
        if not self._waiting:
            super().resume_reading()


class PacedProtocol(AtOnceProtocol):
    """One connection, which is read in pieces."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unread = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self.flow = PacedFlow(self.transport, self.pipeline)

    @abstractmethod
    def read(self, piece: bytes) -> None:
        """Read a piece of what has come."""

    def take(self, data: bytes) -> None:
        """Read what has come, until requests wait for their turn; the rest is read when they have had it."""
        if len(data) <= PIECE_BYTES and not self._unread:
            self.read(data)
            return
        self._unread += data
        self.read_on()

    def read_on(self) -> None:
        """Read what has not been read yet, as far as no request waits."""
        while self._unread and not self.pipeline:
            piece, self._unread = self._unread[:PIECE_BYTES], self._unread[PIECE_BYTES:]
            self.read(piece)

    def drop_unread(self) -> None:
        """Read nothing more of what has come."""
        self._unread = b""
