"""How long a connection is waited for, and for what."""

import asyncio
from typing import Literal

from serving.worker.http.joined_writes import JoinedWrites
from serving.worker.http.limits import ConnectionLimits

LAST_WORDS_SECONDS = 2.0
"""How long what a caller still sends is thrown away after the connection's last answer."""

SLOWEST_READER = 512
"""Bytes a second that a caller has to take of an answer."""

NEVER = float("inf")


class Patience:
    """The clock of one connection.

    Parameters
    ----------
    limits
        How long what is waited for.
    loop
        Whose time counts.
    """

    __slots__ = ("_limits", "_loop", "_taken", "_taken_at", "ends", "waiting_for")

    def __init__(self, limits: ConnectionLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._loop = loop
        self.waiting_for: Literal["head", "body", "next", "nothing"] = "head"
        self.ends = NEVER
        self._taken = 0
        self._taken_at = 0.0

    def head_begins(self) -> None:
        """Wait for a head."""
        self.waiting_for = "head"
        self.ends = self._loop.time() + self._limits.head_seconds

    def more_has_come(self) -> None:
        """Wait for a whole head once there is a piece of it."""
        if self.waiting_for == "next":
            self.head_begins()

    def body_begins(self) -> None:
        """Wait for a body."""
        self.waiting_for = "body"
        self.ends = self._loop.time() + self._limits.body_seconds

    def message_ends(self) -> None:
        """Wait for nothing while the app works; a piece of the next head may be there already."""
        self.waiting_for = "nothing"
        self.ends = NEVER

    def answered(self) -> None:
        """Wait for the next request, when the last has come whole."""
        if self.waiting_for == "nothing":
            self.waiting_for = "next"
            self.ends = self._loop.time() + self._limits.idle_seconds

    def last_words(self) -> None:
        """Wait for the caller to close the connection."""
        self.waiting_for = "nothing"
        self.ends = self._loop.time() + LAST_WORDS_SECONDS

    def is_over(self, now: float) -> bool:
        """Return whether it has been waited for long enough."""
        return now > self.ends

    def reader_is_stuck(self, transport: JoinedWrites, now: float) -> bool:
        """Return whether a caller has taken next to nothing of what waits for it, for long enough."""
        waiting = transport.get_write_buffer_size()
        if not waiting:
            self._taken_at = 0.0
            return False
        taken = transport.n_written - waiting
        if not self._taken_at:
            self._taken, self._taken_at = taken, now
        elif now - self._taken_at > self._limits.answer_seconds:
            if taken - self._taken < SLOWEST_READER * self._limits.answer_seconds:
                return True
            self._taken, self._taken_at = taken, now
        return False
