"""One worker as the parent sees it: its process, its row of the board, and where it writes its stack."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from recsys.secret_files import SECRETS
from serving.parent.backoff import Backoff
from serving.parent.listener import BACKLOG
from serving.shared.board import DIED, HEARTBEAT, HUNG, READY, Board
from serving.shared.heartbeat import STACK_SIGNAL
from serving.shared.nameless_file import nameless_file

STACK_SECONDS = 1.0
"""So long a hung worker gets for that; one that was stopped never does."""

HARM_SIGNALS = (signal.SIGBUS, signal.SIGSEGV)
"""A worker dies of these when a memory-mapped file is shorter than it was, or a disk no longer reads."""


FOR_WORKERS = "RECSYS_API__ADMIN_TOKEN"
"""The one secret that a worker needs."""


class WorkerProcess:
    """A worker that is kept running in one slot, by one process after another.

    Parameters
    ----------
    slot, board
        Its row of the board.
    descriptors
        What it inherits, by the name of the flag that tells it the number.
    """

    def __init__(self, slot: int, board: Board, descriptors: Mapping[str, int]) -> None:
        self.slot = slot
        self.start_again_at: float | None = None
        self._row = board.row(slot)
        self._board = board
        self._stack = nameless_file("recsys-stack")
        self._descriptors = {**descriptors, "stack": self._stack}
        self._backoff = Backoff()
        self.process = self._start()

    @property
    def is_ready(self) -> bool:
        """Return whether it accepts requests."""
        return bool(self._row[READY])

    @property
    def heartbeat(self) -> float:
        """Return the monotonic time of its last sign of life, at first that of its start."""
        return float(self._row[HEARTBEAT])

    def reap(self) -> int | None:
        """Return the exit code once, when the process has just ended; plan when the next one is started."""
        if self.start_again_at is not None or self.process.poll() is None:
            return None
        self._row[READY] = 0
        self._row[DIED] += 1
        self.start_again_at = time.monotonic() + self._backoff.died()
        return self.process.returncode

    def start_again(self) -> None:
        """Start the next process; it compares checksums first, as the files may be why the last one has died."""
        self.start_again_at = None
        self.process = self._start("--check-files")

    def kill_hung(self) -> str:
        """End a process that hangs, and return the stack of its threads as far as it could write it."""
        self._row[HUNG] += 1
        stack = self._ask_for_stack()
        self.process.kill()
        self.process.wait()
        return stack

    def _start(self, *flags: str) -> subprocess.Popen[bytes]:
        self._board.beat(self.slot)
        self._backoff.started()
        numbers = {**self._descriptors, "slot": self.slot, "parent": os.getpid(), "backlog": BACKLOG}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "serving.worker",
                *(f"--{name}={number}" for name, number in numbers.items()),
                *flags,
            ],
            pass_fds=tuple(self._descriptors.values()),
            # The workers' matrices are small: threads of their own would only get in each other's way.
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **_environment()},
            # Ctrl-C in the terminal reaches the parent alone.
            process_group=0,
        )

    def _ask_for_stack(self) -> str:
        os.ftruncate(self._stack, 0)
        os.lseek(self._stack, 0, os.SEEK_SET)
        if not self.is_ready:  # it may not yet listen to the signal, which would then end it
            return ""
        self.process.send_signal(STACK_SIGNAL)
        size, give_up = 0, time.monotonic() + STACK_SECONDS
        while time.monotonic() < give_up:
            time.sleep(STACK_SECONDS / 10)
            before, size = size, os.fstat(self._stack).st_size
            if size and size == before:
                break
        return os.pread(self._stack, size, 0).decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    """Return the environment without the secrets that no worker needs: those of the registry and its stores."""
    hidden = set(SECRETS) - {FOR_WORKERS}
    return {name: value for name, value in os.environ.items() if name not in hidden}
