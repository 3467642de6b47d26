"""The log: one JSON line per event in production, readable text in development.

Lines of libraries that log through `logging`, and warnings, come out the same way as the product's own.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import orjson
from loguru import logger

from recsys.log_writer import PIPE_BYTES, LineWriter, is_pipe
from recsys.tracking_address import without_userinfo

if TYPE_CHECKING:
    from loguru import Message, Record

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

QUIET_LOGGERS = ("alembic", "botocore", "urllib3", "asyncio", "watchfiles", "mlflow.store.db.utils")
"""Libraries whose lines below ERROR say nothing to a user: what they retry is reported when it fails for good."""

REPLACED_LOGGERS = ("uvicorn.access",)
"""Loggers in whose place `log_request` writes."""

REQUEST_LOGGER = "serving.requests"

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
class _Event:
    time: datetime
    level: str
    logger: str
    message: str
    request: RequestFields | None
    exception: Any = None
    more: dict[str, Any] | None = None


_writer: list[LineWriter] = []
"""The thread that writes, where a line may not hold up its caller."""

_request_sink: list[Callable[[_Event], None]] = []
"""Where `log_request` writes; empty when there is no such log, or its level leaves these lines out."""


def set_up_logs(level: str, *, as_json: bool, stream: IO[str] | None = None, may_block: bool = True) -> None:
    """Send all lines of this process to one stream, stdout when none is given.

    Parameters
    ----------
    level
        The least severe lines that are written.
    as_json
        JSON lines with exactly `FIELDS`, else text.
    may_block
        Whether a line may wait for a stream that takes nothing: right for a job, whose lines must not be lost. A server
        goes on: its lines are written by a thread, and dropped and counted when nobody takes them.
    """
    out: IO[str] | None = sys.stdout if stream is None else stream
    descriptor = _descriptor_of(out)
    render = _json_line if as_json else _text_line
    longest = PIPE_BYTES if as_json and descriptor is not None and is_pipe(descriptor) else sys.maxsize
    put = _direct(out)
    flush_logs()
    _writer.clear()
    if descriptor is not None and not may_block:
        writer = LineWriter(descriptor, lambda count: render(_note(count)))
        _writer.append(writer)
        put = writer.put

    def write(event: _Event) -> None:
        line = render(event)
        put(line if len(line) <= longest else _shortened(event, longest))

    logger.remove()
    logger.add(lambda message: write(_event_of(message)), level=level, format=lambda _: "", catch=True)
    _request_sink[:] = [write] if logger.level(level).no <= logging.INFO else []
    take_over_logging(level)


def flush_logs(seconds: float = 1.0) -> None:
    """Give the lines that wait for their thread a moment to be written; for the end of a process."""
    for writer in _writer:
        writer.flush(seconds)


def n_dropped_lines() -> int:
    """Return how many lines of this process nobody has taken."""
    return sum(writer.dropped for writer in _writer)


def take_over_logging(level: str) -> None:
    """Send the lines of `logging`, and warnings, to the product's log; again after a library has set up its own."""
    logging.basicConfig(handlers=[_Intercept()], level=max(logger.level(level).no, logging.DEBUG), force=True)
    logging.captureWarnings(True)
    for name in list(logging.root.manager.loggerDict):
        existing = logging.getLogger(name)
        existing.handlers.clear()
        existing.propagate = True
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in REPLACED_LOGGERS:
        logging.getLogger(name).propagate = False


def log_request(message: str, fields: RequestFields) -> None:
    """Write the INFO line of a request; past loguru, which takes three times as long."""
    for write in _request_sink:
        write(_Event(datetime.now(UTC), "INFO", REQUEST_LOGGER, message, fields))


def log_event(logger_name: str, kind: str, fields: dict[str, Any]) -> None:
    """Write an INFO line about something that is counted elsewhere, with its fields under the name of its kind.

    In a JSON line they are an object of its own after `FIELDS`, so that what ships the log can take them apart.
    """
    for write in _request_sink:
        write(_Event(datetime.now(UTC), "INFO", logger_name, kind, REQUEST.get(), more={kind: fields}))


class _Intercept(logging.Handler):
    """Hands the lines of `logging` to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.name == "py.warnings":
            message = message.partition("\n")[0]
        known = logging.getLevelName(record.levelno) in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
        line = logger.opt(exception=record.exc_info).bind(logger=record.name)
        line.log(record.levelname if known else record.levelno, "{}", message)


def _event_of(message: "Message") -> _Event:
    record: Record = message.record
    return _Event(
        time=record["time"],
        level=record["level"].name,
        logger=record["extra"].get("logger") or record["name"] or "",
        message=without_userinfo(record["message"]),
        request=REQUEST.get(),
        exception=record["exception"],
    )


def _json_line(event: _Event) -> str:
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


def _shortened(event: _Event, longest: int) -> str:
    """Return a JSON line with the middle of its message left out, so that it is no longer than ``longest`` bytes.

    What is longer goes through a pipe in pieces, between which another process may write.
    """
    text = event.message + _traceback(event.exception)
    kept = min(len(text), longest)
    while True:
        short = f"{text[: kept // 3]} [...] {text[len(text) - kept * 2 // 3 :]}"
        line = _json_line(replace(event, message=short, exception=None))
        if len(line) <= longest or not kept:
            return line
        kept //= 2


def _descriptor_of(stream: IO[str] | None) -> int | None:
    try:
        return None if stream is None else stream.fileno()
    except (OSError, ValueError):  # a stream of a test has none, nor has one that is closed
        return None


def _direct(stream: IO[str] | None) -> Callable[[str], None]:
    def put(line: str) -> None:
        if stream is None:  # the process was started with its standard output closed
            return
        stream.write(line)
        stream.flush()

    return put


def _note(count: int) -> _Event:
    message = f"{count} log lines before this one were dropped, as nothing took them"
    return _Event(datetime.now(UTC), "WARNING", __name__, message, None)


def _rendered(line: dict[str, Any]) -> str:
    """Return JSON in ASCII, as not every reader ends a line at a line feed only."""
    try:
        quick = orjson.dumps(line)
    except TypeError:  # a lone surrogate, as file names can have
        return json.dumps(line)
    return quick.decode() if quick.isascii() else json.dumps(line)


def _text_line(event: _Event) -> str:
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
