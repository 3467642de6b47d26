"""Lines of a child process on the parent's log: JSON as it is, anything else as the message of a line."""

import json
import sys

from loguru import logger


def pass_on(line: str) -> None:
    """Write one line of a child to stdout, wrapped into a log line unless it is one already."""
    text = line.rstrip()
    if not text:
        return
    if is_log_line(text):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    else:
        logger.bind(logger="retrain").info("{}", text)


def is_log_line(text: str) -> bool:
    """Return whether a text is a JSON object with a message."""
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and "message" in found
