"""HTTP/1.1 as uvicorn speaks it, with the limits that it lacks.

On time: a head, a body, a kept connection and a caller who does not read are waited for only so long. On memory: of the
head of a request, of what trails its body, and of all requests together. On the number of connections. And what is no
request of HTTP/1.x to this host is refused, in its turn and in the product's one shape of errors.
"""

import asyncio
from typing import Any, ClassVar, cast

import httptools

from serving.worker.http.heads import (
    HEAD_TOO_LARGE,
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    Complaint,
    complaint_of_error,
    complaint_of_head,
    head_without_upgrade,
    is_too_large,
)
from serving.worker.http.paced import PIECE_BYTES, PacedProtocol
from serving.worker.http.patience import Patience
from serving.worker.http.refusal import Refusal, new_refusal
from serving.worker.http.request_lines import RequestLines
from serving.worker.http.rounds import Rounds
from serving.worker.http.shared import Shared
from serving.worker.http.short_way import ShortWays

SMALL_BYTES = 8 * 1024
"""A request of this size is taken however much memory the others hold."""

WAITING_BYTES = 2 * 1024
"""What a request that waits for its turn holds beside its bytes; those are few where it is small."""

FULL = Complaint(503, "the service holds as many large requests as it may; try again soon")

MORE_TO_REFUSE = 32
"""So many connections above the limit are told so; those beyond are just closed."""


class BoundedHttpProtocol(PacedProtocol):
    """One connection."""

    shared: ClassVar[Shared]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers = []
        self._undelivered = 0
        self._held = 0
        self._n_unanswered = 0
        self._upgrades = False
        self._complaint: Complaint | None = None
        self._refusal: Refusal | None = None
        self._request_lines = RequestLines()
        self.patience = Patience(self.shared.limits, self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        self.patience.head_begins()
        if len(self.connections) > self.shared.limits.connections:
            self._refuse_connection()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, unless too much of it has led to nothing."""
        if self._refusal is not None:
            return
        self.patience.more_has_come()
        self._hold(len(data))
        self.take(data)

    def read(self, piece: bytes) -> None:
        """Read a piece of what has arrived, unless too much of it has led to nothing."""
        if self._refusal is not None:
            return
        if self._undelivered > MAX_HEAD_BYTES:
            self.refuse(431, HEAD_TOO_LARGE)
            return
        self._undelivered += len(piece)
        while piece:
            self._request_lines.has_come(piece, in_body=self.patience.waiting_for == "body")
            try:
                self.feed(piece)
                piece = b""
            except httptools.HttpParserUpgrade as upgrade:
                piece = self._head_again() + piece[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self.refuse(*(self._complaint or complaint_of_error(error)))
                return
        if self._undelivered and len(self.headers) > MAX_FIELDS:
            self.refuse(431, HEAD_TOO_LARGE)
            return
        self._request_lines.was_read(head_is_open=self.scope is None or "method" not in self.scope)
        if not self._n_unanswered and self.patience.waiting_for == "body":
            self._release()  # of a request that is answered already; the rest is thrown away
        if self._held > SMALL_BYTES and self.shared.is_full:
            self.refuse(*FULL)

    def on_headers_complete(self) -> None:
        """Begin a request, unless it is none for this service."""
        if len(self.headers) > MAX_FIELDS:
            self._complain(Complaint(431, HEAD_TOO_LARGE))
        # What has come in the piece with the end of the request before counts for neither.
        if self._undelivered > MAX_HEAD_BYTES - PIECE_BYTES and is_too_large(self.url, self.headers):
            self._complain(Complaint(431, HEAD_TOO_LARGE))
        self._undelivered = 0
        self._check_head()
        if self.parser.should_upgrade():
            self._upgrades = True
            return
        if self._n_unanswered:
            self._hold(WAITING_BYTES)
            if self.shared.is_full:
                self._complain(FULL)
        super().on_headers_complete()
        # What trails the body is no part of the head (RFC 9110, 6.5.1), which proxies may have judged; it is dropped.
        self.headers = []
        self._n_unanswered += 1
        self.patience.body_begins()

    def on_body(self, body: bytes) -> None:
        """Hand on a part of a body."""
        self._undelivered = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        self._undelivered = 0
        if self._upgrades:
            return
        self.patience.message_ends()
        if not self._n_unanswered:  # refused before its body was there
            self._release()
            self.patience.answered()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, with what it was refused with, or with waiting for it."""
        self._n_unanswered -= 1
        if self._refusal is not None and not self._n_unanswered:
            self._send_refusal()
            return
        if not self._n_unanswered:
            self._release()
            self.patience.answered()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            if not self.pipeline:
                # A connection on which there is always a request may come by here only.
                self._release()
                self._hold(len(self.cycle.body) + len(self._unread))
                self.read_on()
        self.flow.resume_reading()

    def refuse(self, status: int, detail: str) -> None:
        """Answer what cannot be read any further, after the requests before it, and end the connection."""
        if self._refusal is not None or self.transport.is_closing():
            return
        self._refusal = new_refusal(status, detail, self.shared.version())
        self.drop_unread()
        self.headers.clear()
        self._drop_unfinished()
        if not self._n_unanswered:
            self._send_refusal()

    def expire(self, now: float) -> None:
        """End what has been waited for long enough; called about once a second."""
        if self.patience.reader_is_stuck(self.transport, now):  # type: ignore[arg-type]
            self.transport.abort()
        elif self.transport.is_closing() or self.flow.read_paused:
            return
        elif self.patience.is_over(now):
            self._give_up()

    def shutdown(self) -> None:
        """End in good order: after the answers that are due."""
        if self._refusal is not None and not self._n_unanswered:
            self.transport.close()
        else:
            super().shutdown()

    def _give_up(self) -> None:
        waited_for = self.patience.waiting_for
        if self._refusal is not None or (not self._n_unanswered and (not self._held or waited_for == "body")):
            self.transport.close()
        else:
            self.refuse(408, f"the {waited_for} of the request did not arrive in time")

    def _head_again(self) -> bytes:
        """Return the last head without its wish for another protocol, to be read by a parser that has not seen it.

        The parser takes what follows such a head for that protocol. As the service does not grant the wish, it is the
        body and the next request (RFC 9110, 7.8). The clients of Java send such a wish with each of their requests.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version()
        self._upgrades = False
        self._request_lines.was_read(head_is_open=False)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return head_without_upgrade(method, self.url, version, self.headers)

    def _check_head(self) -> None:
        method = self.parser.get_method()
        version = self._request_lines.version(method, self.url, self.parser)
        complaint = complaint_of_head(method, self.url, self.headers, version, self.shared.hosts)
        if complaint is not None:
            self._complain(complaint)

    def _complain(self, complaint: Complaint) -> None:
        self._complaint = complaint
        self.scope["method"] = self.parser.get_method().decode("ascii")  # of the refusal
        raise ValueError(complaint.detail)

    def _hold(self, n_bytes: int) -> None:
        self._held += n_bytes
        self.shared.buffered += n_bytes

    def _release(self) -> None:
        self.shared.buffered -= self._held
        self._held = 0

    def _drop_unfinished(self) -> None:
        """Let the app know that the rest of the last request does not come; it is not answered."""
        cycle = self.cycle
        if cycle is None or not cycle.more_body or cycle.response_complete:
            return
        self._n_unanswered -= 1
        cycle.disconnected = True
        cycle.message_event.set()
        if self.pipeline and self.pipeline[0][0] is cycle:
            self.pipeline.popleft()

    def _send_refusal(self) -> None:
        refusal = cast("Refusal", self._refusal)
        method = self.scope.get("method", "") if self.scope else ""
        self.shared.note(refusal, method, self.url if self.scope else b"")
        self._release()
        self.transport.write(refusal.as_bytes(self.server_state.default_headers, with_body=method != "HEAD"))
        # Closed at once, with more in its way, the connection would be reset, and the answer lost with it.
        self.transport.write_eof()
        self.flow.resume_reading()
        self.patience.last_words()

    def _refuse_connection(self) -> None:
        limit = self.shared.limits.connections
        self.shared.warn_of_too_many(self.loop.time())
        if len(self.connections) > limit + MORE_TO_REFUSE:
            self.transport.abort()
        else:
            self.refuse(503, f"the service holds {limit} connections, as many as it may; try again soon")


def protocol_with(shared: Shared, short_ways: ShortWays) -> type[BoundedHttpProtocol]:
    """Return the protocol of a worker's connections."""
    members = {"shared": shared, "short_ways": short_ways, "rounds": Rounds()}
    return type("WorkerProtocol", (BoundedHttpProtocol,), members)
