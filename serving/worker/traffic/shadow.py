"""Lets the Challenger answer what Production has answered, after the answer has left, and compares the two lists."""

import asyncio
import time
from asyncio import Future
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from loguru import logger

from recsys.errors import RecsysError
from serving.worker import questions
from serving.worker.metrics.traffic import TrafficMetrics
from serving.worker.traffic.agreement import overlap_at, rank_biased_overlap
from serving.worker.traffic.split import Asked, Turn

LONGEST_QUEUE = 4
"""So many answers wait for their comparison; what comes then is dropped."""

PAUSE_SECONDS = 0.002
"""Before it begins: the event loop shows by how late it wakes up after that whether the worker is busy."""

LATEST_SECONDS = 0.001
"""A worker that wakes up later has other requests to answer."""


class Compared(NamedTuple):
    """How far the lists of two versions agree, and how long the second took."""

    overlap: float
    agreement: float
    seconds: float


class Shadow:
    """Answers in the shadow, one at a time, in a thread of their own; no caller waits for them.

    Parameters
    ----------
    metrics
        Where the comparisons are counted.
    """

    def __init__(self, metrics: TrafficMetrics) -> None:
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._n_waiting = 0
        self._has_warned = False

    def offer(self, turn: Turn) -> None:
        """Compare the answer to a question, a moment after it is written, if the worker is not busy then."""
        asked = turn.shadowed
        if asked is None:
            return
        if self._n_waiting >= LONGEST_QUEUE:
            self._count(turn, "dropped")
            return
        self._n_waiting += 1
        loop = asyncio.get_running_loop()
        due = loop.time() + PAUSE_SECONDS
        loop.call_at(due, self._begin, loop, turn, asked, due)

    def _begin(self, loop: asyncio.AbstractEventLoop, turn: Turn, asked: Asked, due: float) -> None:
        if loop.time() - due > LATEST_SECONDS:
            self._n_waiting -= 1
            self._count(turn, "dropped")
            return
        done = loop.run_in_executor(self._thread, compare, turn, asked)
        done.add_done_callback(lambda future: self._note(turn, future))

    def _note(self, turn: Turn, done: "Future[Compared]") -> None:
        self._n_waiting -= 1
        error = None if done.cancelled() else done.exception()
        if error is None and not done.cancelled():
            found = done.result()
            version = turn.split.challenger.version
            self._metrics.count_shadow(turn.split.experiment, version, "compared", **found._asdict())
            return
        self._count(turn, "failed")
        if not isinstance(error, RecsysError) and not self._has_warned:
            self._has_warned = True
            version = turn.split.challenger.version
            logger.opt(exception=error).error("version {} fails in the shadow; others like it are counted", version)

    def _count(self, turn: Turn, outcome: str) -> None:
        self._metrics.count_shadow(turn.split.experiment, turn.split.challenger.version, outcome)


def compare(turn: Turn, asked: Asked) -> Compared:
    """Return how far the Challenger's answer agrees with the one that was given."""
    started = time.perf_counter()
    production, challenger = turn.split.production, turn.split.challenger
    found = questions.recommend(challenger, asked.question)
    given = [production.movie_ids[row] for row in asked.rows]
    other = [challenger.movie_ids[row] for row in found.rows]
    return Compared(overlap_at(given, other), rank_biased_overlap(given, other), time.perf_counter() - started)
