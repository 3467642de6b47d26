"""Answers of the protocol itself, to what never becomes a request of the app; in the one shape of errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from recsys.log_lines import RequestFields
from recsys.logs import log_request
from serving.worker.context import LOGGED_PATH, random_uuid
from serving.worker.error_answers import HEADERS_OF
from serving.worker.errors import NAME_OF, OverloadedError
from serving.worker.metrics.counters import OTHER, Metrics

NAMES: Mapping[int, str] = {**NAME_OF, 503: OverloadedError.__name__}


@dataclass(frozen=True)
class Refusal:
    """What a request is refused with.

    Attributes
    ----------
    status, detail
        Of the answer.
    correlation_id
        In the answer and in the log.
    version
        Of the model that is served, as all answers carry it.
    """

    status: int
    detail: str
    correlation_id: str
    version: str

    def as_bytes(self, more: Sequence[tuple[bytes, bytes]] = (), *, with_body: bool = True) -> bytes:
        """Return the whole answer, with more headers if given; to HEAD without its body."""
        name = NAMES[self.status]
        body = orjson.dumps({"error": name, "detail": self.detail, "correlation_id": self.correlation_id})
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            "x-content-type-options": "nosniff",
            "x-correlation-id": self.correlation_id,
            "x-model-version": self.version,
            **HEADERS_OF.get(self.status, {}),
        }
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name.decode()}: {value.decode()}" for name, value in more]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (body if with_body else b"")


def new_refusal(status: int, detail: str, version: str) -> Refusal:
    """Return a refusal with an id of its own."""
    return Refusal(status, detail, random_uuid(), version)


Note = Callable[[Refusal, str, bytes], None]


def noting(metrics: Metrics) -> Note:
    """Return a function that logs and counts a refusal, given the method and the target as far as they are known."""

    def note(refusal: Refusal, method: str, target: bytes) -> None:
        path = target.partition(b"?")[0][:LOGGED_PATH].decode("latin-1")
        fields = RequestFields(refusal.correlation_id, method, path, refusal.status, 0.0)
        metrics.count(OTHER, refusal.status, 0.0, NAMES[refusal.status])
        log_request(f"request refused: {refusal.detail}", fields)

    return note
