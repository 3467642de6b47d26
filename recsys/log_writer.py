"""Writes log lines from a thread of its own, so that no full disk and no pipe that nobody reads holds up a caller.

Lines wait in a bounded queue. When it is full, as nobody takes what is written, further lines are dropped and counted.
"""

import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from recsys.log_lines import Event, text_line

MAX_WAITING_LINES = 10_000
"""Further ones are dropped and counted: neither a full disk nor an unread pipe may hold up whoever logs."""

PIPE_BYTES = 4096
"""So much goes through a pipe in one piece on Linux, whoever else writes to it."""

FILE_BYTES = 256 * 1024
"""So much is written to anything else at once."""

BATCH_SECONDS = 0.01
"""Lines that come so soon after a write are collected first: to wake the thread for each would cost the callers more
than all else about a line."""

RETRY_SECONDS = 1.0
"""How long a descriptor that takes nothing at the moment is waited for at a time."""


class LineWriter:
    """Writes lines to a descriptor, in order, for as long as the process lives.

    Parameters
    ----------
    descriptor
        Where the lines go; neither closed nor changed.
    note_of
        Makes the line that tells, once lines are taken again, how many were dropped.
    render
        Makes a line of what is handed over unwritten: many in a row take a third of the time of one between requests.
    """

    def __init__(
        self, descriptor: int, note_of: Callable[[int], str], render: Callable[[Event], str] = text_line
    ) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._note_of = note_of
        self._render = render
        self._told = 0
        self._torn = False
        self._at_once = PIPE_BYTES if is_pipe(descriptor) else FILE_BYTES
        self._lines: deque[str | Event | threading.Event] = deque()
        self._sleeps = True
        self._wake = threading.Event()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def put(self, line: str | Event) -> None:
        """Hand over a line, or what it is made of, or drop it when too many wait; returns at once."""
        if len(self._lines) >= MAX_WAITING_LINES:
            self.dropped += 1
        else:
            self._hand_over(line)

    def flush(self, seconds: float) -> bool:
        """Wait until all lines handed over so far have been written or dropped, and return whether they have."""
        done = threading.Event()
        self._hand_over(done)
        return done.wait(seconds)

    def _hand_over(self, item: str | Event | threading.Event) -> None:
        self._lines.append(item)
        if self._sleeps:
            self._sleeps = False
            self._wake.set()

    def _run(self) -> None:
        written_at = 0.0
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(max(0.0, written_at + BATCH_SECONDS - time.monotonic()))
            while self._lines:
                self._write_waiting()
                written_at = time.monotonic()
                time.sleep(BATCH_SECONDS)
            self._sleeps = True
            if self._lines:  # handed over between the last look and the line before
                self._wake.set()

    def _write_waiting(self) -> None:
        waiting = [self._lines.popleft() for _ in range(len(self._lines))]
        self._write(
            [
                line if isinstance(line, str) else self._render(line)
                for line in waiting
                if not isinstance(line, threading.Event)
            ]
        )
        for done in waiting:
            if isinstance(done, threading.Event):
                done.set()

    def _write(self, lines: list[str]) -> None:
        if lines and self.dropped > self._told:
            known = self.dropped
            lines.insert(0, self._note_of(known - self._told))
            self._told = known
        for piece, n_lines in _pieces(lines, self._at_once):
            try:
                self._write_whole(b"\n" + piece if self._torn else piece)
            except (OSError, ValueError):
                # There is nowhere to complain: this is the log. The count is shown by the metrics and by the next note.
                self.dropped += n_lines

    def _write_whole(self, piece: bytes) -> None:
        rest = memoryview(piece)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:
                    select.select([], [self._descriptor], [], RETRY_SECONDS)
        finally:
            if len(rest) < len(piece):
                self._torn = bool(rest)


def is_pipe(descriptor: int) -> bool:
    """Return whether a descriptor is that of a pipe."""
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _pieces(lines: Iterable[str], longest: int) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines joined to pieces of at most ``longest`` bytes, a longer line by itself, and their number."""
    joined, n_lines = b"", 0
    for line in lines:
        encoded = line.encode("utf-8", "backslashreplace")
        if n_lines and len(joined) + len(encoded) > longest:
            yield joined, n_lines
            joined, n_lines = b"", 0
        joined, n_lines = joined + encoded, n_lines + 1
    if n_lines:
        yield joined, n_lines
