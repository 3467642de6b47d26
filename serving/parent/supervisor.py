"""Starts the workers, replaces those that die, and ends them in good order."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from loguru import logger

from serving.parent.listener import BACKLOG
from serving.shared.board import READY, Board, create_memory

KILL_AFTER_SECONDS = 10.0
"""A worker that has not ended by then is killed."""

QUEUE_SECONDS = 0.1
"""How long the workers take to accept the connections that wait in the queue."""

MAX_FAILED_STARTS = 5
"""When so many workers in a row die before they are ready, the service gives up."""


@dataclass
class Worker:
    """A worker process and its row of the board."""

    slot: int
    process: subprocess.Popen[bytes]


class Supervisor:
    """The workers of one service.

    Parameters
    ----------
    n_workers
        How many are kept running.
    listener
        The socket that they accept connections from.
    """

    def __init__(self, n_workers: int, listener: socket.socket) -> None:
        self._listener = listener
        self._memory = create_memory(n_workers)
        self.board = Board(self._memory, n_workers)
        # Never written to: the workers read its end, which comes when this process is gone.
        self._lifeline, self._kept_open = os.pipe()
        self._workers: list[Worker] = []
        self._failed_starts = 0
        self._next_start = 0.0

    def start(self) -> None:
        """Start the first worker; `reap_and_respawn` starts the others once it is ready, to answer the sooner."""
        self._workers = [self._start(0)]

    @property
    def ready(self) -> bool:
        """Return whether all workers accept requests."""
        return self.board.n_ready == self.board.n_rows

    @property
    def crash_looping(self) -> bool:
        """Return whether workers die as soon as they are started."""
        return self._failed_starts >= MAX_FAILED_STARTS

    def reap_and_respawn(self) -> None:
        """Start the workers that are not there yet, and replace those that have died."""
        if len(self._workers) == 1 and self.board.n_ready:
            self._workers += [self._start(slot) for slot in range(1, self.board.n_rows)]
        for worker in self._workers:
            code = worker.process.poll()
            if code is not None and time.monotonic() >= self._next_start:
                self._replace(worker, code)

    def stop(self) -> None:
        """End all workers: requests in flight are answered, new ones are not accepted."""
        self._turn_callers_away()
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + KILL_AFTER_SECONDS
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.warning("worker {} does not end; it is killed", worker.process.pid)
                worker.process.kill()
                worker.process.wait()

    def _turn_callers_away(self) -> None:
        """Let no more connections queue up, and give the workers a moment to take those that have."""
        self.board.announce_end()
        self._listener.listen(0)
        time.sleep(QUEUE_SECONDS)
        self._listener.close()

    def _replace(self, worker: Worker, code: int) -> None:
        row = self.board.row(worker.slot)
        self._failed_starts = 0 if row[READY] else self._failed_starts + 1
        self._next_start = time.monotonic() + (2.0 ** (self._failed_starts - 2) if self._failed_starts else 0)
        row[READY] = 0
        logger.warning("worker {} has died ({}); another takes its place", worker.process.pid, _cause(code))
        worker.process = self._start(worker.slot).process

    def _start(self, slot: int) -> Worker:
        descriptors = {"listener": self._listener.fileno(), "lifeline": self._lifeline, "board": self._memory}
        flags = [f"--{name}={number}" for name, number in {**descriptors, "slot": slot, "backlog": BACKLOG}.items()]
        process = subprocess.Popen(
            [sys.executable, "-m", "serving.worker", *flags],
            pass_fds=tuple(descriptors.values()),
            # The workers' matrices are small: threads of their own would only get in each other's way.
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **os.environ},
            # Ctrl-C in the terminal reaches the parent alone.
            process_group=0,
        )
        return Worker(slot, process)


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
