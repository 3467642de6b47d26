"""Answers that leave in the same turn of the event loop in which their requests have arrived.

For every request uvicorn makes a task, to which it hands the request, and from which it gets the head and the body of
the answer, as messages. What takes a short way needs none of that, which is a tenth of all it costs.
"""

from typing import Any, ClassVar, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.worker.http.short_way import CLOSE, Answer, ShortWays

STATUS_LINE = b"HTTP/1.1 200 OK"


class AtOnceProtocol(HttpToolsProtocol):
    """One connection, whose requests may be answered without a task.

    Whoever feeds the parser calls `begin_request` after that: only then it is known whether a request is there whole.
    Pipelined requests take uvicorn's way.
    """

    short_ways: ClassVar[ShortWays]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrived: tuple[RequestResponseCycle, Any] | None = None
        self._is_reading = False

    def feed(self, data: bytes) -> None:
        """Let the parser read, without beginning to answer."""
        self._is_reading = True
        try:
            self.parser.feed_data(data)
        finally:
            self._is_reading = False

    def begin_request(self) -> None:
        """Answer what has arrived, or begin to."""
        if self._arrived is None:
            return
        (cycle, app), self._arrived = self._arrived, None
        whole = not (cycle.more_body or cycle.disconnected or self.flow.write_paused or self.transport.is_closing())
        answer = self.short_ways.answer_at_once(cast("Scope", cycle.scope), bytes(cycle.body)) if whole else None
        if answer is None:
            self._start_asgi_task(cycle, app)
        else:
            self._send(cycle, answer)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._is_reading:
            self._arrived = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _send(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        headers = [*self.server_state.default_headers, *answer.headers]
        if CLOSE in headers:
            cycle.keep_alive = False
        elif not cycle.keep_alive:
            headers.append(CLOSE)
        fields = b"\r\n".join(map(b": ".join, headers))
        self.transport.write(b"%b\r\n%b\r\n\r\n%b" % (STATUS_LINE, fields, answer.body))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        self.short_ways.has_left(answer)
