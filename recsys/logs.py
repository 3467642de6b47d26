"""The log: one JSON line per event in production, readable text in development.

Lines of libraries that log through `logging`, and warnings, come out the same way as the product's own.
"""

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from loguru import logger

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
"""The fields of a JSON line; those that do not apply are null."""

QUIET_LOGGERS = ("alembic", "botocore", "urllib3", "asyncio", "watchfiles")
"""Libraries whose lines below WARNING say nothing to a user."""

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


def set_up_logs(level: str, *, as_json: bool, stream: IO[str] | None = None) -> None:
    """Send all lines of this process to one stream, stdout when none is given.

    Parameters
    ----------
    level
        The least severe lines that are written.
    as_json
        JSON lines with exactly `FIELDS`, else text for the eye.
    """
    out = sys.stdout if stream is None else stream
    render = _json_line if as_json else _text_line

    def write(message: "Message") -> None:
        out.write(render(message.record))
        out.flush()

    logger.remove()
    logger.add(write, level=level, format=lambda _record: "", catch=True)
    take_over_logging(level)


def take_over_logging(level: str) -> None:
    """Send the lines of `logging`, and warnings, to the product's log; again after a library has set up its own."""
    numeric = logger.level(level).no
    logging.basicConfig(handlers=[_Intercept()], level=max(numeric, logging.DEBUG), force=True)
    logging.captureWarnings(True)
    for name in list(logging.root.manager.loggerDict):
        existing = logging.getLogger(name)
        existing.handlers.clear()
        existing.propagate = True
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Intercept(logging.Handler):
    """Hands the lines of `logging` to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.name == "py.warnings":
            message = message.partition("\n")[0]
        known = logging.getLevelName(record.levelno) in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
        line = logger.opt(exception=record.exc_info).bind(logger=record.name)
        line.log(record.levelname if known else record.levelno, "{}", message)


def _json_line(record: "Record") -> str:
    request = _request_of(record)
    line = {
        "timestamp": _timestamp(record),
        "level": record["level"].name,
        "logger": record["extra"].get("logger") or record["name"],
        "message": record["message"] + _traceback(record),
        "correlation_id": request and request.correlation_id,
        "method": request and request.method,
        "path": request and request.path,
        "status_code": request and request.status_code,
        "duration_ms": request and request.duration_ms,
    }
    return json.dumps(line) + "\n"


def _text_line(record: "Record") -> str:
    request = _request_of(record)
    clock = record["time"].strftime("%H:%M:%S.%f")[:-3]
    source = record["extra"].get("logger") or record["name"]
    parts = [clock, f"{record['level'].name:<7}", f"{source}:", record["message"].translate(_CONTROL)]
    if request and request.status_code is not None:
        parts.append(f"{request.method} {request.path.translate(_CONTROL)} -> {request.status_code}")
        parts.append(f"in {request.duration_ms} ms")
    if request:
        parts.append(f"[{request.correlation_id}]")
    return " ".join(parts) + _traceback(record) + "\n"


def _request_of(record: "Record") -> RequestFields | None:
    bound: RequestFields | None = record["extra"].get("request")
    return bound or REQUEST.get()


def _timestamp(record: "Record") -> str:
    moment: datetime = record["time"].astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(record: "Record") -> str:
    exception: Any = record["exception"]
    if exception is None or exception.value is None:
        return ""
    lines = traceback.format_exception(exception.type, exception.value, exception.traceback)
    return "\n" + "".join(lines).rstrip()
