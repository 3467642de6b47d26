"""A clock on the wall that a test moves in all Python processes which find its folder on their path."""

import os
from pathlib import Path

from service_process import REPOSITORY

FOLLOWER = """
import os, threading, time
from pathlib import Path
import time_machine

FILE, LOOK_SECONDS = Path({file!r}), 0.02
traveller, followed = time_machine.travel(time.time(), tick=True).start(), 0.0

def follow():
    global followed
    while True:
        wanted = float(FILE.read_text() or followed)
        if wanted != followed:
            traveller.shift(wanted - followed)
            followed = wanted
        time.sleep(LOOK_SECONDS)

def begin():
    threading.Thread(target=follow, daemon=True).start()

begin()
os.register_at_fork(after_in_child=begin)
"""
"""Moves what `time.time`, `datetime.now` and their like say, and leaves monotonic time as it is, as a kernel does."""


class MovedClock:
    """Seconds that the clock is ahead.

    Parameters
    ----------
    folder
        For the file that tells them, and the module that Python imports at its start.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._file = folder / "ahead"
        self.set_ahead(0)
        (folder / "sitecustomize.py").write_text(FOLLOWER.format(file=str(self._file)))
        self.python_path = f"{folder}{os.pathsep}{REPOSITORY}"

    def set_ahead(self, seconds: float) -> None:
        """Let all clocks be so far ahead, or behind when it is negative."""
        written = self._file.with_suffix(".new")
        written.write_text(str(seconds))
        written.replace(self._file)
