"""Ending child processes in order: SIGTERM, so that they drain, then SIGKILL for those that do not end."""

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from loguru import logger


def end_all(processes: "Sequence[subprocess.Popen[Any]]", patience_seconds: float) -> None:
    """End processes, all at once, and wait until they have ended; one that has ended already is no error.

    Parameters
    ----------
    patience_seconds
        How long they may take together before they are killed.
    """
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + patience_seconds
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("process {} does not end; it is killed", process.pid)
            process.kill()
            process.wait()
