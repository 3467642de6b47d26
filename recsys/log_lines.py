"""How an event of the log is written: as a JSON line of fixed fields, or as text for people."""

import json
import traceback
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from recsys.tracking_address import without_userinfo

FIELDS = (
    "timestamp",
    "level",
    "logger",
    "message",
    "correlation_id",
    "method",
    "path",
    "status_code",
    "duration_ms",
)
"""The fields of a JSON line; those that do not apply are null. A line of `log_event` has a further one."""

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(slots=True)
class RequestFields:
    """What the lines of one request have in common."""

    correlation_id: str
    method: str
    path: str
    status_code: int | None = None
    duration_ms: float | None = None


REQUEST: ContextVar[RequestFields | None] = ContextVar("request", default=None)
"""The request that is being answered, if any."""

_NO_REQUEST = RequestFields("", "", "")


@dataclass(slots=True)
class Event:
    """What a line tells: ``more`` is an object of its own behind the fields of a JSON line."""

    time: datetime
    level: str
    logger: str
    message: str
    request: RequestFields | None
    exception: Any = None
    more: dict[str, Any] | None = None


def json_line(event: Event) -> str:
    """Return an event as a JSON line in ASCII, with exactly `FIELDS` and, if it has one, its object."""
    request = event.request or _NO_REQUEST
    line = {
        "timestamp": _timestamp(event.time),
        "level": event.level,
        "logger": event.logger,
        "message": event.message + _traceback(event.exception),
        "correlation_id": request.correlation_id or None,
        "method": request.method or None,
        "path": request.path or None,
        "status_code": request.status_code,
        "duration_ms": request.duration_ms,
        **(event.more or {}),
    }
    return _rendered(line) + "\n"


def _timestamp(time: datetime) -> str:
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return f"{time.isoformat(timespec='milliseconds')[:-6]}Z"


def shortened(event: Event, longest: int) -> str:
    """Return a JSON line with the middle of its message left out, so that it is no longer than ``longest`` bytes.

    What is longer goes through a pipe in pieces, between which another process may write.
    """
    text = event.message + _traceback(event.exception)
    kept = min(len(text), longest)
    while True:
        short = f"{text[: kept // 3]} [...] {text[len(text) - kept * 2 // 3 :]}"
        line = json_line(replace(event, message=short, exception=None))
        if len(line) <= longest or not kept:
            return line
        kept //= 2


def note_of_dropped(count: int) -> Event:
    """Return the event that tells that lines were dropped."""
    message = f"{count} log lines before this one were dropped, as they could not be written"
    return Event(datetime.now(UTC), "WARNING", "recsys.logs", message, None)


def _rendered(line: dict[str, Any]) -> str:
    """Return JSON in ASCII, as not every reader ends a line at a line feed only."""
    try:
        quick = orjson.dumps(line)
    except TypeError:  # a lone surrogate, as file names can have
        return json.dumps(line)
    return quick.decode() if quick.isascii() else json.dumps(line)


def text_line(event: Event) -> str:
    """Return an event as text in one line; control characters are spelled, and a traceback follows."""
    clock = event.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
    parts = [clock, f"{event.level:<7}", f"{event.logger}:", event.message.translate(_CONTROL)]
    parts += [f"{name}={value}" for fields in (event.more or {}).values() for name, value in fields.items()]
    request = event.request
    if request:
        parts.append(f"{request.method} {request.path.translate(_CONTROL)}")
        if request.status_code is not None:
            parts.append(f"-> {request.status_code} in {request.duration_ms} ms")
        parts.append(f"[{request.correlation_id}]")
    return " ".join(parts) + _traceback(event.exception) + "\n"


def _traceback(exception: Any) -> str:
    if exception is None or exception.value is None:
        return ""
    lines = traceback.format_exception(exception.type, exception.value, exception.traceback)
    return "\n" + without_userinfo("".join(lines).rstrip())
