"""Clients that ask without a pause, and remember what they got."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from load.connections import Connection, CutError, RefusedError, Reply

Question = tuple[str, Any]
"""A path, and a body for a POST, else None."""

LONGEST_SECONDS = 180.0
LONGEST_PAUSE = 0.002
"""Lets the service's processes have the processor."""


@dataclass
class Log:
    """What the clients of a load got.

    Attributes
    ----------
    replies
        What came back, by the number of the question.
    cut
        Requests that were sent and got no whole answer, as the error says.
    refused
        Connections that did not come about.
    """

    replies: list[tuple[int, Reply]] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    refused: int = 0

    @property
    def statuses(self) -> set[int]:
        """Return all statuses that occurred."""
        return {reply.status for _, reply in self.replies}


class Load:
    """Clients against one port, from `start` to `finish`.

    Parameters
    ----------
    n_clients
        How many connections are open at a time.
    keep_alive
        Whether a client goes on with its connection, or takes a new one for each request.
    """

    def __init__(self, port: int, questions: list[Question], *, n_clients: int, keep_alive: bool = True) -> None:
        self.log = Log()
        self._port = port
        self._questions = questions
        self._keep_alive = keep_alive
        self._stopped = asyncio.Event()
        self._clients = [asyncio.create_task(self._run(number)) for number in range(n_clients)]

    async def finish(self) -> Log:
        """Let each client end after the request that it is at, and return what all got."""
        self._stopped.set()
        await asyncio.gather(*self._clients)
        return self.log

    async def until(self, condition: Callable[[Log], bool], seconds: float = 600) -> None:
        """Wait until the log fulfils a condition."""
        async with asyncio.timeout(seconds):
            while not condition(self.log):
                await asyncio.sleep(0.01)

    async def _run(self, number: int) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        connection: Connection | None = None
        turn = number
        while not self._stopped.is_set() and time.monotonic() < deadline:
            try:
                connection = connection or await Connection.open(self._port)
                which = turn % len(self._questions)
                reply = await connection.ask(*self._questions[which])
                self.log.replies.append((which, reply))
                if not self._keep_alive or reply.headers.get("connection") == "close":
                    await connection.close()
                    connection = None
            except RefusedError:
                self.log.refused += 1
                await asyncio.sleep(0.02)
            except CutError as error:
                self.log.cut.append(str(error))
                if connection:
                    await connection.close()
                connection = None
            turn += 1
            await asyncio.sleep(LONGEST_PAUSE)
        if connection:
            await connection.close()
