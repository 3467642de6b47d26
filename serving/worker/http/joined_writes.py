"""One system call for an answer where uvicorn makes two: one for the head, one for the body."""

import asyncio
from typing import Any

from serving.worker.http.rounds import Rounds


class JoinedWrites:
    """A transport that sends together what is written within one round.

    Parameters
    ----------
    transport
        Of the connection; whatever else is asked of this one goes to it.
    rounds
        Let this send, once in each round in which something is written.
    """

    def __init__(self, transport: asyncio.Transport, rounds: Rounds) -> None:
        self._transport = transport
        self._rounds = rounds
        self._waiting: list[bytes] = []
        self._closing = False
        self._ends = False
        self.n_written = 0

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has by that name."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send at the end of the round; nothing after the end that the caller was told."""
        if self._ends:
            return
        if not self._waiting:
            self._rounds.add_writes(self)
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

    def send(self) -> None:
        """Send what waits."""
        waiting, self._waiting = self._waiting, []
        if not self._transport.is_closing():  # the caller may have gone in the same turn
            self._transport.write(b"".join(waiting))
            if self._ends:
                self._transport.write_eof()
        if self._closing:
            self._transport.close()
