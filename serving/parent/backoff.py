"""Backoff: a worker that dies again and again is started again later and later."""

import time
from collections.abc import Callable

STABLE_SECONDS = 30.0
"""A worker that has lived for so long is sound: the next death counts as the first one."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0


class Backoff:
    """How long to wait before a worker is started again: not at all after the first death, then 0.5, 1, 2 ... 30 s.

    Parameters
    ----------
    clock
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._n_deaths = 0
        self._started_at = clock()

    def started(self) -> None:
        """Note that the worker has just been started."""
        self._started_at = self._clock()

    def died(self) -> float:
        """Note that the worker has died, and return how many seconds to wait before the next start."""
        if self._clock() - self._started_at >= STABLE_SECONDS:
            self._n_deaths = 0
        self._n_deaths += 1
        return 0.0 if self._n_deaths == 1 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (self._n_deaths - 2))
