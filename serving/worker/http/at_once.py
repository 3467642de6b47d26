"""Answers that leave in the round that begins their requests.

For every request uvicorn makes a task, to which it hands the request, and from which it gets the head and the body of
the answer, as messages. What takes a short way needs none of that, which is a tenth of all it costs.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.worker.http.joined_writes import JoinedWrites
from serving.worker.http.rounds import Rounds
from serving.worker.http.short_way import Answer, ShortWay, ShortWays


class Arrived(NamedTuple):
    """A request whose head is there.

    Attributes
    ----------
    cycle, app
        What uvicorn would make its task of.
    way
        The short way that the head allows, None for the long one.
    at
        When the head was there, seconds of the performance counter.
    """

    cycle: RequestResponseCycle
    app: Any
    way: ShortWay | None
    at: float


class AtOnceProtocol(HttpToolsProtocol):
    """One connection, whose requests may be answered without a task.

    What the parser has read is begun in the next round: only then it is known whether a request is there whole.
    Pipelined requests take uvicorn's way, so that one caller's many do not hold up those of others.
    """

    short_ways: ClassVar[ShortWays]
    rounds: ClassVar[Rounds]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrived: Arrived | None = None
        self._is_reading = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.rounds)))

    def feed(self, data: bytes) -> None:
        """Let the parser read; what is there whole is answered in the next round."""
        self._is_reading = True
        try:
            self.parser.feed_data(data)
        finally:
            self._is_reading = False
            if self._arrived is not None:
                self.rounds.add_arrival(self)

    def begin_request(self) -> Iterator[None]:
        """Answer what has arrived, or begin to, unless the rest of a small body has to be waited for."""
        if self._arrived is None or self._waits_for_body():
            return
        cycle, app, way, at = self._arrived
        self._arrived, answer = None, None
        if way is not None and not (cycle.disconnected or self.flow.write_paused or self.transport.is_closing()):
            answer = yield from self.short_ways.answer(way, cast("Scope", cycle.scope), bytes(cycle.body), at)
        if answer is None:
            self._start_asgi_task(cycle, app)
        else:
            self._send(cycle, answer)

    def fail(self, error: BaseException) -> None:
        """End the connection after an error that nothing foresaw, as asyncio does where it calls a protocol itself."""
        self.loop.call_exception_handler({"message": "a request could not be begun", "exception": error})
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection; the app hears of a request whose body will not come."""
        super().connection_lost(exc)
        if self._arrived is not None:
            cycle, app, *_ = self._arrived
            self._arrived = None
            self._start_asgi_task(cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._is_reading:
            way = self.short_ways.way_of(cast("Scope", cycle.scope))
            self._arrived = Arrived(cycle, app, way, time.perf_counter())
        else:
            super()._start_asgi_task(cycle, app)

    def _waits_for_body(self) -> bool:
        cycle, _, way, _ = cast("Arrived", self._arrived)
        return way is not None and cycle.more_body and not cycle.disconnected

    def _send(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        head = answer.head
        for name, value in self.server_state.default_headers:
            head += b"%b: %b\r\n" % (name, value)
        if answer.is_last:
            cycle.keep_alive = False
        if not cycle.keep_alive:
            head += b"connection: close\r\n"
        self.transport.write(b"%b\r\n%b" % (head, answer.body))
        cycle.body.clear()
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        self.short_ways.was_written(answer)
