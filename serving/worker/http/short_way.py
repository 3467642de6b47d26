"""A short way past FastAPI for requests that are plain and right; all others take the long one.

FastAPI and its middleware spend more on a small request than the model on answering it. A route may name a function
that knows a plain request at a glance and answers it. Whatever that function does not know, and above all what is
wrong, goes FastAPI's way, so that there is one place for validation, errors and documentation. An answer is the same
either way, headers, metrics and log line included. Who takes requests from the wire asks here first
(`serving.worker.http.at_once`).
"""

import re
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import Scope

from recsys.log_lines import REQUEST, RequestFields
from recsys.logs import log_arrival, log_request
from serving.worker.context import CORRELATION_HEADER, correlation_id_of, path_to_log
from serving.worker.http.cors import VARY
from serving.worker.http.json_response import JSON
from serving.worker.http.security_headers import EVERYWHERE
from serving.worker.loaded_model import LoadedModel
from serving.worker.traffic.split import Turn, turn_of

if TYPE_CHECKING:
    from serving.worker.state import Services

LONG_HEADERS = frozenset((b"origin", b"content-encoding", b"transfer-encoding", b"expect"))
"""A request with one of these takes the long way."""

LONGEST_BODY = 64 * 1024
CONTENT_TYPE = (b"content-type", JSON.encode())


@dataclass(slots=True)
class PlainRequest:
    """What is asked: the path, the query string and the body, as they came.

    Attributes
    ----------
    model
        The version that answers.
    turn
        The part of the request in a split, None when there is none.
    """

    path: str
    query: bytes
    body: bytes
    model: LoadedModel
    turn: Turn | None = None

    def name_caller(self, turn: Turn, user_id: str | int) -> None:
        """Let the id in the body say who asks."""
        turn.name_caller(user_id)
        self.model = turn.model


Quick = Callable[["Services", PlainRequest], bytes | None]
"""Returns the answer as JSON, None to leave the request to FastAPI."""


@dataclass(frozen=True, slots=True)
class ShortWay:
    """The short way of one route.

    Attributes
    ----------
    method, path
        Which requests may take it; the path is a pattern.
    label
        What they are counted under, that of the route.
    quick
        Answers them.
    """

    method: str
    path: re.Pattern[str]
    label: str
    quick: Quick


class Answer(NamedTuple):
    """An answer of status 200, counted and logged.

    Attributes
    ----------
    head
        The status line and the fields of the head, each line with its end.
    body
        What follows.
    is_last
        Whether the connection has to end after it.
    turn
        The part of the request in a split, None when there is none.
    """

    head: bytes
    body: bytes
    is_last: bool
    turn: Turn | None


class ShortWays:
    """Lets plain requests take their short way.

    Parameters
    ----------
    ways
        Of all routes that have one.
    services
        What answers.
    """

    def __init__(self, ways: Iterable[ShortWay], services: "Services") -> None:
        self._ways = tuple(ways)
        self._services = services
        # Caches on the way have to know that with another origin the headers are others.
        fields = (CONTENT_TYPE, *EVERYWHERE, *((VARY,) if services.settings.cors.origins else ()))
        self._head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields)

    def way_of(self, scope: Scope) -> ShortWay | None:
        """Return the short way that the head of a request allows, None when it has to take the long one."""
        method, path = scope["method"], scope["path"]
        for way in self._ways:
            if method == way.method and way.path.fullmatch(path):
                return way if _is_plain(scope, with_body=method == "POST") else None
        return None

    def answer(self, way: ShortWay, scope: Scope, body: bytes, started: float) -> Generator[None, None, Answer | None]:
        """Return the answer to a request that is there whole, in steps; None for the long way.

        Parameters
        ----------
        started
            When the request came in, seconds of the performance counter.
        """
        services = self._services
        model = services.served.current_or_first()
        if model is None:
            return None
        asked = PlainRequest(scope["path"], scope["query_string"], body, model)
        fields = RequestFields(correlation_id_of(scope), way.method, path_to_log(scope))
        split = services.served.split
        if split is not None:
            asked.turn = turn = turn_of(split, scope, fields.correlation_id)
            asked.model = turn.model
        yield
        began = time.perf_counter()
        content = self._content(way, asked, fields)
        ended = time.perf_counter()
        if content is None:
            return None
        yield
        seconds = ended - started
        fields.status_code, fields.duration_ms = 200, round(seconds * 1000, 3)
        services.metrics.count(way.label, 200, seconds, None)
        if asked.turn is not None:
            # Without the wait for others of the round, whichever version answers those.
            services.metrics.traffic.count(asked.turn, 200, ended - began)
        log_request("request answered", fields)
        own = len(content), CORRELATION_HEADER, fields.correlation_id.encode(), asked.model.version.encode()
        head = self._head + b"content-length: %d\r\n%b: %b\r\nx-model-version: %b\r\n" % own
        return Answer(head, content, services.metrics.board.ending, asked.turn)

    def _content(self, way: ShortWay, asked: PlainRequest, fields: RequestFields) -> bytes | None:
        """Return what is answered, as JSON; None for the long way."""
        token = REQUEST.set(fields)
        try:
            content = way.quick(self._services, asked)
        except Exception:  # noqa: BLE001  whatever it is, the long way meets it again, and tells the caller
            return None
        finally:
            REQUEST.reset(token)
        if content is not None:
            log_arrival(fields)
        return content

    def was_written(self, answer: Answer) -> None:
        """Let be done, later, what no caller waits for."""
        if answer.turn is not None and answer.turn.shadowed is not None:
            self._services.shadow.offer(answer.turn)


def _is_plain(scope: Scope, *, with_body: bool) -> bool:
    """Return whether the headers of a request tell of nothing but, if it has one, a small body of JSON."""
    is_json, length = False, b""
    for name, value in scope["headers"]:
        if name in LONG_HEADERS:
            return False
        if name == b"content-type":
            is_json = value == b"application/json"
        elif name == b"content-length":
            length = value
    if not with_body:
        return length in (b"", b"0")
    return is_json and length.isdigit() and len(length) < 6 and int(length) <= LONGEST_BODY
