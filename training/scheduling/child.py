"""A child process whose output becomes log lines, and which ends with its parent."""

import os
import subprocess
import threading
from collections.abc import Sequence

from loguru import logger

from recsys.processes import end_all
from training.scheduling.json_lines import pass_on


class Child:
    """Runs one command at a time, apart from this process, so that whatever happens to it ends there."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()

    def run(self) -> int:
        """Run the command to its end and return its exit code, negative where a signal ended it."""
        if self._stopped.is_set():
            return 0
        # Its own session: an interrupt from the terminal reaches the parent only, which then ends the child in order.
        with subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            # Under `mlflow run` this names the one run of the schedule; each child makes its own.
            env={name: value for name, value in os.environ.items() if name != "MLFLOW_RUN_ID"},
        ) as process:
            self._process = process
            if self._stopped.is_set():
                process.terminate()
            for line in process.stdout or ():
                pass_on(line)
        self._process = None
        return process.returncode

    def stop(self, patience_seconds: float) -> None:
        """Ask the child to end, and end it when it has not after this time; nothing is run afterwards."""
        self._stopped.set()
        process = self._process
        if process is None:
            return
        logger.info("ending process {}", process.pid)
        end_all([process], patience_seconds)
