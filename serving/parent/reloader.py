"""Live reload for development: the whole service starts again when the source changes."""

import os
import shlex
import sys
from pathlib import Path

from loguru import logger
from watchfiles import Change, PythonFilter, run_process

import recsys
import serving

PATIENCE_SECONDS = 15
"""How long the service may drain its requests before it is killed."""


def serve_with_reload() -> int:
    """Run the service as a child process until SIGTERM or SIGINT, started again at every change; return 0."""
    folders = [Path(str(package.__file__)).parent for package in (recsys, serving)]
    logger.info("live reload: watching {}", ", ".join(map(str, folders)))
    os.environ["RECSYS_API__RELOAD"] = "false"  # for the child, which serves
    run_process(
        *folders,
        target=shlex.join([sys.executable, "-m", "serving"]),
        target_type="command",
        watch_filter=PythonFilter(),
        callback=_log_changes,
        sigint_timeout=PATIENCE_SECONDS,
    )
    return 0


def _log_changes(changes: set[tuple[Change, str]]) -> None:
    logger.info("{} changed; starting again", Path(min(changes)[1]).name)
