"""What each version has answered since it was first asked, counted over all workers.

A worker has a few places for versions in its row of the board; one that is new gets the longest unused of them. The
movies that a version has recommended are bits of a map: exact for catalogs up to `MAP_BITS` movies, beyond that by
linear counting (Whang, Vander-Zanden & Taylor 1990, DOI 10.1145/78922.78925), within a fifth.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from serving.shared.board import CELL_BYTES, FIRST_OF_VERSIONS, Board

if TYPE_CHECKING:
    from serving.shared.board import Row

    Bits: TypeAlias = memoryview[int]

PLACES = 4
"""So many versions are counted; a further one takes the place of the one that has not answered for longest."""
HISTORY_BUCKETS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Upper bounds of the histogram of history lengths, ratings."""
MAP_BITS = 32_768
_SPREAD = 0x2F0B  # so that movies a whole map apart do not share a bit

_VERSION, _LAST_USED, _SINCE, _POPULAR, _UNKNOWN, _RATINGS, _BEYOND = range(7)
_HISTORIES = 7
_MAP = _HISTORIES + len(HISTORY_BUCKETS) + 1
_PLACE = _MAP + MAP_BITS // 8 // CELL_BYTES


@dataclass(frozen=True)
class VersionTotals:
    """What one version has answered, over all workers.

    Attributes
    ----------
    version
        Its number.
    age_seconds
        How long ago it was first asked, whatever the clock on the wall did meanwhile.
    answers, popular
        Lists given, and those among them of popular movies, as the history said nothing.
    ratings, unknown
        Rated movies in the histories, and those among them that the version does not know.
    histories
        Answers for each of `HISTORY_BUCKETS`, not cumulated, and one more for the longer ones.
    movies
        Different movies in its lists.
    """

    version: str
    age_seconds: float
    answers: int
    popular: int
    ratings: int
    unknown: int
    histories: tuple[int, ...]
    movies: int


class VersionMetrics:
    """Counts answers by version in this worker's row of the board, and sums up all rows."""

    def __init__(self, board: Board, slot: int) -> None:
        self._board = board
        self._row = board.row(slot)
        self._places: dict[int, int] = {}
        self._maps: dict[int, Bits] = {}
        self._shown: dict[int, set[int]] = {}  # what this process has put on the maps, as a look there takes longer
        for place in range(PLACES):
            start = FIRST_OF_VERSIONS + place * _PLACE
            self._maps[start], self._shown[start] = _map_of(self._row, start), set()
            # A worker that replaces a dead one goes on in its row.
            self._places[int(self._row[start + _VERSION])] = start

    def count(self, version: str, *, n_ratings: int, n_unknown: int, is_popular: bool, rows: Iterable[int]) -> None:
        """Count one answer.

        Parameters
        ----------
        version
            The number of the version that has answered.
        n_ratings, n_unknown
            Rated movies in the history, and those among them that the version does not know.
        is_popular
            Whether the list is of popular movies, as the history said nothing.
        rows
            Of the catalog: the movies in the list.
        """
        row, start = self._row, self._places.get(int(version))
        if start is None:
            start = self._take_place(int(version))
        row[start + _LAST_USED] = time.monotonic()
        row[start + _POPULAR] += is_popular
        row[start + _UNKNOWN] += n_unknown
        row[start + _RATINGS] += n_ratings
        row[start + _HISTORIES + bisect_left(HISTORY_BUCKETS, n_ratings)] += 1
        shown = self._shown[start]
        if shown.issuperset(rows):
            return
        shown.update(rows)
        bits = self._maps[start]
        for item in rows:
            # Rows beyond the map's end share its bits with others than their neighbors do.
            bit = (item ^ (item // MAP_BITS * _SPREAD)) % MAP_BITS
            bits[bit >> 3] |= 1 << (bit & 7)
            if item >= MAP_BITS:
                row[start + _BEYOND] = item

    def knows(self, version: str) -> bool:
        """Return whether a version has given a list, as far as that is still counted."""
        starts = [FIRST_OF_VERSIONS + place * _PLACE for place in range(PLACES)]
        return any(int(row[start + _VERSION]) == int(version) for row in self._board.rows for start in starts)

    def totals(self) -> list[VersionTotals]:
        """Return what each version has answered, the oldest version first."""
        starts = [FIRST_OF_VERSIONS + place * _PLACE for place in range(PLACES)]
        found: dict[int, list[tuple[Row, int]]] = {}
        for row in self._board.rows:
            for start in starts:
                if row[start + _VERSION]:
                    found.setdefault(int(row[start + _VERSION]), []).append((row, start))
        return [_total(version, found[version]) for version in sorted(found)]

    def _take_place(self, version: int) -> int:
        """Return the place of a version that has none, the longest unused one, emptied."""
        start = min(self._maps, key=lambda start: (self._row[start + _LAST_USED], start))
        self._places = {known: place for known, place in self._places.items() if place != start and known}
        self._row[start + _VERSION] = 0
        for cell in range(start + 1, start + _PLACE):
            self._row[cell] = 0.0
        self._shown[start].clear()
        self._row[start + _SINCE] = time.monotonic()
        self._row[start + _VERSION] = version
        self._places[version] = start
        return start


def _map_of(row: "Row", start: int) -> "Bits":
    return row[start + _MAP : start + _PLACE].cast("B")


def _total(version: int, places: Sequence[tuple["Row", int]]) -> VersionTotals:
    def total(cell: int) -> int:
        return int(sum(row[start + cell] for row, start in places))

    histories = tuple(total(_HISTORIES + number) for number in range(len(HISTORY_BUCKETS) + 1))
    shown = 0
    for row, start in places:
        shown |= int.from_bytes(_map_of(row, start), "little")
    return VersionTotals(
        version=str(version),
        age_seconds=time.monotonic() - min(row[start + _SINCE] for row, start in places),
        answers=sum(histories),
        popular=total(_POPULAR),
        ratings=total(_RATINGS),
        unknown=total(_UNKNOWN),
        histories=histories,
        movies=_distinct(shown.bit_count(), is_exact=not total(_BEYOND)),
    )


def _distinct(n_set: int, *, is_exact: bool) -> int:
    """Return how many movies have set so many bits: as many, unless several may share one."""
    return n_set if is_exact else round(-MAP_BITS * math.log(max(MAP_BITS - n_set, 1) / MAP_BITS))
