"""Starts the workers, replaces those that die or hang, and drains and ends them."""

import os
import signal
import socket
import time
from collections.abc import Callable

from loguru import logger

from recsys.processes import end_all
from serving.parent.listener import has_queue
from serving.parent.worker_process import HARM_SIGNALS, WorkerProcess
from serving.shared.board import Board, create_memory
from serving.shared.heartbeat import Watch

KILL_AFTER_SECONDS = 10.0
"""A worker that has not ended by then is killed."""

QUEUE_SECONDS = 0.8
"""How long the workers may take to accept the connections that wait in the queue."""

TICK_SECONDS = 0.05

MAX_FAILED_STARTS = 5
"""When so many workers in a row die before they are ready, the service gives up."""

START_SECONDS = 120.0
"""A worker that is not ready after so long hangs at its start."""


class Supervisor:
    """The workers of one service.

    Parameters
    ----------
    n_workers
        How many are kept running.
    listener
        The socket that they accept connections from.
    hang_seconds
        A worker without a sign of life for so long is replaced; 0 for never.
    on_harm
        Called when a worker has died in a way that harmed files of the model may be the reason of.
    """

    def __init__(
        self, n_workers: int, listener: socket.socket, hang_seconds: float, on_harm: Callable[[], None]
    ) -> None:
        self._listener = listener
        memory = create_memory(n_workers)
        self.board = Board(memory, n_workers)
        # Never written to: the workers read its end, which comes when this process is gone.
        lifeline, self._kept_open = os.pipe()
        self._descriptors = {"listener": listener.fileno(), "lifeline": lifeline, "board": memory}
        self._watch = Watch(hang_seconds)
        self._start_watch = Watch(START_SECONDS if hang_seconds else 0)
        self._on_harm = on_harm
        self._workers: list[WorkerProcess] = []
        self._failed_starts = 0

    def start(self) -> None:
        """Start the first worker; `reap_and_respawn` starts the others once it is ready, to answer the sooner."""
        self._workers = [self._worker(0)]

    @property
    def ready(self) -> bool:
        """Return whether all workers accept requests."""
        return self.board.n_ready == self.board.n_rows

    @property
    def crash_looping(self) -> bool:
        """Return whether workers die as soon as they are started."""
        return self._failed_starts >= MAX_FAILED_STARTS

    def reap_and_respawn(self) -> None:
        """Give a sign of life, start the workers that are not there yet, replace those that have died or hang."""
        self.board.beat_as_parent()
        self._watch.look()
        self._start_watch.look()
        if len(self._workers) == 1 and self.board.n_ready:
            self._workers += [self._worker(slot) for slot in range(1, self.board.n_rows)]
        for worker in self._workers:
            self.board.beat_as_parent()  # each that hangs takes a second, and there may be many
            self._kill_if_hung(worker)
            self._reap(worker)
            if worker.start_again_at is not None and time.monotonic() >= worker.start_again_at:
                worker.start_again()

    def stop(self) -> None:
        """End all workers: requests in flight are answered, new ones are not accepted."""
        self._turn_callers_away()
        end_all([worker.process for worker in self._workers], KILL_AFTER_SECONDS)

    def _turn_callers_away(self) -> None:
        """Let no more connections queue up, and give the workers a moment to take those that have."""
        self.board.announce_end()
        self._listener.listen(0)
        ends = time.monotonic() + QUEUE_SECONDS
        time.sleep(TICK_SECONDS)
        while has_queue(self._listener) and time.monotonic() < ends:
            time.sleep(TICK_SECONDS)
        self._listener.close()

    def _worker(self, slot: int) -> WorkerProcess:
        return WorkerProcess(slot, self.board, self._descriptors)

    def _kill_if_hung(self, worker: WorkerProcess) -> None:
        watch = self._watch if worker.is_ready else self._start_watch
        if worker.process.poll() is not None or not watch.is_hung(worker.heartbeat):
            return
        pid, silent = worker.process.pid, watch.silent_seconds(worker.heartbeat)
        stack = worker.kill_hung() or "none was written, so the process was stopped or had not started"
        logger.error("worker {} has hung for {:.0f} s and is killed; its stack: {}", pid, silent, stack)

    def _reap(self, worker: WorkerProcess) -> None:
        was_ready = worker.is_ready
        code = worker.reap()
        if code is None or worker.start_again_at is None:
            return
        self._failed_starts = 0 if was_ready else self._failed_starts + 1
        waits = worker.start_again_at - time.monotonic()
        when = f" in {waits:.1f} s" if waits > 0 else ""
        logger.warning("worker {} has died ({}); another takes its place{}", worker.process.pid, _cause(code), when)
        if -code in HARM_SIGNALS:
            self._on_harm()


def _cause(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
