"""What came of an experiment: requests, lists and events of its two versions, counted over all workers.

A worker has a few places in its row of the board, one for each experiment and version; one that is new gets the longest
unused of them. Nothing is counted here while nothing is asked of a Challenger, but for events.
"""

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.shared.board import FIRST_OF_TRAFFIC, Board
from serving.worker.metrics.latency import BUCKETS

if TYPE_CHECKING:
    from serving.shared.board import Row
    from serving.worker.traffic.split import Turn

PLACES = 8
NO_EXPERIMENT = 0
"""Events that come while nothing is asked of a Challenger are kept under this number."""

EVENTS = ("click", "watch", "rating")
SHADOW_COUNTS = ("compared", "failed", "dropped")

_EXPERIMENT, _VERSION, _LAST_USED, _SINCE, _ERRORS, _SECONDS, _LISTS, _POPULAR, _STARS = range(9)
_EVENTS = 9
_SHADOW = _EVENTS + len(EVENTS)
_OVERLAP = _SHADOW + len(SHADOW_COUNTS)
_AGREEMENT, _SHADOW_SECONDS = _OVERLAP + 1, _OVERLAP + 2
_HISTOGRAM = _OVERLAP + 3
_PLACE = _HISTOGRAM + len(BUCKETS) + 1


@dataclass(frozen=True)
class ArmTotals:
    """What one version did in one experiment, over all workers.

    Attributes
    ----------
    experiment, version
        Which; 0 is none.
    age_seconds
        How long ago it was first counted, whatever the clock on the wall did meanwhile.
    requests, errors, seconds, histogram
        Requests that it answered, those among them with a status from 400 on, the sum of their latencies, and their
        number for each of `BUCKETS`, not cumulated.
    lists, popular
        Lists of ``POST /recommend``, and those among them of popular movies.
    events
        By kind, as in `EVENTS`.
    stars
        Sum of the ratings among the events.
    shadow
        Answers in the shadow that were compared, failed, and were dropped as the worker was busy.
    overlap, agreement, shadow_seconds
        Sums over those that were compared.
    """

    experiment: int
    version: str
    age_seconds: float
    requests: int
    errors: int
    seconds: float
    histogram: tuple[int, ...]
    lists: int
    popular: int
    events: dict[str, int]
    stars: float
    shadow: dict[str, int]
    overlap: float
    agreement: float
    shadow_seconds: float


class TrafficMetrics:
    """Counts by experiment and version in this worker's row of the board, and sums up all rows.

    Every method is for the thread of the event loop.
    """

    def __init__(self, board: Board, slot: int) -> None:
        self._board = board
        self._row = board.row(slot)
        # A worker that replaces a dead one goes on in its row.
        known = {_key_of(self._row, start): start for start in _STARTS if self._row[start + _VERSION]}
        self._places = {(experiment, str(version)): start for (experiment, version), start in known.items()}

    def count(self, turn: "Turn", status: int, seconds: float) -> None:
        """Count one request that a version has answered in an experiment, and the list that it gave, if it did."""
        # Spelled out, as every request of an experiment comes by here.
        row, key = self._row, (turn.split.experiment, turn.model.version)
        start = self._places.get(key)
        if start is None:
            start = self._take_place(*key)
        row[start + _LAST_USED] = time.monotonic()
        row[start + _SECONDS] += seconds
        row[start + _HISTOGRAM + bisect_left(BUCKETS, seconds)] += 1
        if status >= 400:
            row[start + _ERRORS] += 1
        elif turn.is_popular is not None:
            row[start + _LISTS] += 1
            if turn.is_popular:
                row[start + _POPULAR] += 1

    def count_event(self, experiment: int, version: str, kind: str, stars: float) -> None:
        """Count one event; ``stars`` is 0 but for ratings."""
        start = self._place(experiment, version)
        self._row[start + _EVENTS + EVENTS.index(kind)] += 1
        self._row[start + _STARS] += stars

    def count_shadow(
        self,
        experiment: int,
        version: str,
        outcome: str,
        *,
        overlap: float = 0,
        agreement: float = 0,
        seconds: float = 0,
    ) -> None:
        """Count what came of one answer in the shadow, one of `SHADOW_COUNTS`."""
        row, start = self._row, self._place(experiment, version)
        row[start + _SHADOW + SHADOW_COUNTS.index(outcome)] += 1
        row[start + _OVERLAP] += overlap
        row[start + _AGREEMENT] += agreement
        row[start + _SHADOW_SECONDS] += seconds

    def count_ignored(self) -> None:
        """Count one event of a version that has not answered here."""
        self._row[FIRST_OF_TRAFFIC] += 1

    @property
    def n_ignored(self) -> int:
        """Return how many events were of versions that have not answered here."""
        return int(self._board.total(FIRST_OF_TRAFFIC))

    def totals(self) -> list[ArmTotals]:
        """Return what each version did in each experiment, by experiment and version."""
        found: dict[tuple[int, int], list[tuple[Row, int]]] = {}
        for row in self._board.rows:
            for start in _STARTS:
                if row[start + _VERSION]:
                    found.setdefault(_key_of(row, start), []).append((row, start))
        return [_total(key, found[key]) for key in sorted(found)]

    def experiment_of(self, version: str) -> int | None:
        """Return the experiment in which a version was counted last, None when it never was."""
        used = [
            (row[start + _LAST_USED], int(row[start + _EXPERIMENT]))
            for row in self._board.rows
            for start in _STARTS
            if int(row[start + _VERSION]) == int(version)
        ]
        return max(used)[1] if used else None

    def _place(self, experiment: int, version: str) -> int:
        start = self._places.get((experiment, version))
        if start is None:
            start = self._take_place(experiment, version)
        self._row[start + _LAST_USED] = time.monotonic()
        return start

    def _take_place(self, experiment: int, version: str) -> int:
        """Return a place for what has none, the longest unused one, emptied."""
        row = self._row
        start = min(_STARTS, key=lambda start: (row[start + _LAST_USED], start))
        self._places = {key: place for key, place in self._places.items() if place != start}
        row[start + _VERSION] = 0
        for cell in range(start, start + _PLACE):
            row[cell] = 0.0
        row[start + _SINCE] = time.monotonic()
        row[start + _EXPERIMENT] = experiment
        row[start + _VERSION] = int(version)
        self._places[experiment, version] = start
        return start


_STARTS = tuple(FIRST_OF_TRAFFIC + 1 + place * _PLACE for place in range(PLACES))


def _key_of(row: "Row", start: int) -> tuple[int, int]:
    return int(row[start + _EXPERIMENT]), int(row[start + _VERSION])


def _total(key: tuple[int, int], places: Sequence[tuple["Row", int]]) -> ArmTotals:
    def total(cell: int) -> float:
        return sum(row[start + cell] for row, start in places)

    def counts(names: Sequence[str], first: int) -> dict[str, int]:
        return {name: int(total(first + number)) for number, name in enumerate(names)}

    histogram = tuple(int(total(_HISTOGRAM + number)) for number in range(len(BUCKETS) + 1))
    return ArmTotals(
        experiment=key[0],
        version=str(key[1]),
        age_seconds=time.monotonic() - min(row[start + _SINCE] for row, start in places),
        requests=sum(histogram),
        errors=int(total(_ERRORS)),
        seconds=total(_SECONDS),
        histogram=histogram,
        lists=int(total(_LISTS)),
        popular=int(total(_POPULAR)),
        events=counts(EVENTS, _EVENTS),
        stars=total(_STARS),
        shadow=counts(SHADOW_COUNTS, _SHADOW),
        overlap=total(_OVERLAP),
        agreement=total(_AGREEMENT),
        shadow_seconds=total(_SHADOW_SECONDS),
    )
