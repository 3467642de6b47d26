"""What a command is doing at the moment, on standard error, a line for each step."""

import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

DEFAULT_HANDLER = 0
"""Loguru's own, which tells module and line as well: of use to nobody who runs a command."""


@cache
def show_steps() -> None:
    """Write log lines as people read them: the time, and the level where it is not INFO. Once in a process."""
    with suppress(ValueError):
        logger.remove(DEFAULT_HANDLER)
    logger.add(_write, level="INFO", format=_line)


def _write(message: "Message") -> None:
    sys.stderr.write(message)
    sys.stderr.flush()


def _line(record: "Record") -> str:
    level = "" if record["level"].name == "INFO" else "{level}: "
    return f"{{time:HH:mm:ss}} {level}{{message}}\n{{exception}}"
