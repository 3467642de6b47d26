"""The log: one JSON line per event in production, readable text in development.

Every module logs by loguru, which filters by level, binds names, captures exceptions, and never raises into its caller.
How a line looks is left to `recsys.log_lines`, as its fields are a contract, and where it goes to
`recsys.log_writer`. Lines of libraries that log through `logging`, and warnings, come out the same way.
"""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from loguru import logger

from recsys.log_lines import REQUEST, Event, RequestFields, json_line, note_of_dropped, shortened, text_line
from recsys.log_writer import PIPE_BYTES, LineWriter, is_pipe
from recsys.tracking_address import without_userinfo

if TYPE_CHECKING:
    from loguru import Message, Record

LONGEST_MESSAGE = 8192
"""Characters; the middle of a longer one is left out. Libraries repeat what callers send, and lines wait in memory."""

QUIET_LOGGERS = ("alembic", "botocore", "urllib3", "asyncio", "watchfiles", "mlflow.store.db.utils")
"""Libraries whose lines below ERROR say nothing to a user: what they retry is reported when it fails for good."""

REPLACED_LOGGERS = ("uvicorn.access",)
"""Loggers in whose place `log_request` writes."""

REQUEST_LOGGER = "serving.requests"

_writer: list[LineWriter] = []
"""The thread that writes, where a line may not hold up its caller."""

_request_sinks: dict[str, Callable[[Event], None]] = {}
"""Where `log_request` and `log_event` write, by level; without those that the log leaves out."""


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
    render = json_line if as_json else text_line
    longest = PIPE_BYTES if as_json and descriptor is not None and is_pipe(descriptor) else sys.maxsize
    put = _direct(out)

    def line_of(event: Event) -> str:
        line = render(event)
        return line if len(line) <= longest else shortened(event, longest)

    def write(event: Event) -> None:
        put(line_of(event))

    flush_logs()
    _writer.clear()
    put_event: Callable[[Event], None] = write
    if descriptor is not None and not may_block:
        writer = LineWriter(descriptor, lambda count: render(note_of_dropped(count)), line_of)
        _writer.append(writer)
        put, put_event = writer.put, writer.put
    logger.remove()
    logger.add(lambda message: write(_event_of(message)), level=level, format=lambda _: "", catch=True)
    least = logger.level(level).no
    _request_sinks.clear()
    _request_sinks.update({name: put_event for name in ("DEBUG", "INFO") if least <= logger.level(name).no})
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


def log_arrival(fields: RequestFields) -> None:
    """Write the DEBUG line of a request; past loguru, as `log_request`."""
    write = _request_sinks.get("DEBUG")
    if write is not None:  # a copy, as the line is made later, when the status is known
        write(Event(datetime.now(UTC), "DEBUG", REQUEST_LOGGER, "request started", replace(fields)))


def log_request(message: str, fields: RequestFields) -> None:
    """Write the INFO line of a request; past loguru, which takes three times as long."""
    write = _request_sinks.get("INFO")
    if write is not None:
        write(Event(datetime.now(UTC), "INFO", REQUEST_LOGGER, message, fields))


def log_event(logger_name: str, kind: str, fields: dict[str, Any]) -> None:
    """Write an INFO line about something that is counted elsewhere, with its fields under the name of its kind.

    In a JSON line they are an object of its own after `FIELDS`, so that what ships the log can take them apart.
    """
    write = _request_sinks.get("INFO")
    if write is not None:
        write(Event(datetime.now(UTC), "INFO", logger_name, kind, REQUEST.get(), more={kind: fields}))


class _Intercept(logging.Handler):
    """Hands the lines of `logging` to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.name == "py.warnings":
            message = message.partition("\n")[0]
        known = logging.getLevelName(record.levelno) in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
        line = logger.opt(exception=record.exc_info).bind(logger=record.name)
        line.log(record.levelname if known else record.levelno, "{}", message)


def _event_of(message: "Message") -> Event:
    record: Record = message.record
    return Event(
        time=record["time"],
        level=record["level"].name,
        logger=record["extra"].get("logger") or record["name"] or "",
        message=without_userinfo(_cut(record["message"])),
        request=REQUEST.get(),
        exception=record["exception"],
    )


def _cut(message: str) -> str:
    half = LONGEST_MESSAGE // 2
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:half]} [...] {message[-half:]}"


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
