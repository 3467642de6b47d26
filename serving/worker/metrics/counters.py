"""What the service has done, counted over all its workers."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serving.shared.board import DIED, FIRST_FREE, FIRST_OF_VERSIONS, HUNG, Board
from serving.worker.errors import ERROR_NAMES
from serving.worker.metrics.by_version import VersionMetrics
from serving.worker.metrics.latency import BUCKETS
from serving.worker.metrics.traffic import TrafficMetrics

OTHER = "other"
"""What paths and methods that no route answers are counted under, so that nobody can make the list grow."""

STATUSES = (
    200,
    202,
    204,
    206,
    304,
    307,
    400,
    401,
    403,
    404,
    405,
    408,
    413,
    415,
    416,
    422,
    429,
    431,
    500,
    503,
    504,
    505,
)
OTHER_STATUS = 0

_CACHE_HITS, _CACHE_MISSES = FIRST_FREE, FIRST_FREE + 1
_LOG_DROPPED, _CONNECTIONS = FIRST_FREE + 2, FIRST_FREE + 3
_ERRORS = FIRST_FREE + 4
_ENDPOINTS = _ERRORS + len(ERROR_NAMES) + 1
_SECONDS = len(STATUSES) + 1
_HISTOGRAM = _SECONDS + 1
_BLOCK = _HISTOGRAM + len(BUCKETS) + 1


@dataclass(frozen=True)
class EndpointTotals:
    """What one endpoint has done.

    Attributes
    ----------
    by_status
        Requests for each status that occurred; 0 stands for one that the service never gives.
    seconds
        Sum of all latencies.
    histogram
        Requests for each of `BUCKETS`, not cumulated, and one more for the slower ones.
    """

    by_status: dict[int, int]
    seconds: float
    histogram: list[int]

    @property
    def requests(self) -> int:
        """Return the number of requests."""
        return sum(self.by_status.values())


class Metrics:
    """Counts in this worker's row of the board, and sums up all rows.

    Parameters
    ----------
    board
        Shared by all workers.
    slot
        This worker's row.
    endpoints
        Labels as ``"GET /movies/{movie_id}"``, the same in all workers.
    """

    def __init__(self, board: Board, slot: int, endpoints: Iterable[str]) -> None:
        self.board = board
        self._row = board.row(slot)
        self.versions = VersionMetrics(board, slot)
        self.traffic = TrafficMetrics(board, slot)
        self.endpoints: Sequence[str] = (*sorted(endpoints), OTHER)
        self._block_of = {label: _ENDPOINTS + _BLOCK * number for number, label in enumerate(self.endpoints)}
        self._status_cell = {status: number for number, status in enumerate(STATUSES)}
        self._error_cell = {name: _ERRORS + number for number, name in enumerate(ERROR_NAMES)}
        if _ENDPOINTS + _BLOCK * len(self.endpoints) > FIRST_OF_VERSIONS:
            raise ValueError(f"{len(self.endpoints)} endpoints do not fit into {FIRST_OF_VERSIONS} cells of the board")

    def count(self, label: str, status: int, seconds: float, error: str | None) -> None:
        """Count one request."""
        row = self._row
        block = self._block_of.get(label) or self._block_of[OTHER]
        row[block + self._status_cell.get(status, len(STATUSES))] += 1
        row[block + _SECONDS] += seconds
        row[block + _HISTOGRAM + bisect_left(BUCKETS, seconds)] += 1
        if error is not None:
            row[self._error_cell.get(error, _ERRORS + len(ERROR_NAMES))] += 1

    def count_hit(self) -> None:
        """Count an answer that came from the cache."""
        self._row[_CACHE_HITS] += 1

    def count_miss(self) -> None:
        """Count an answer that had to be worked out."""
        self._row[_CACHE_MISSES] += 1

    def show(self, *, n_connections: int, n_dropped_lines: int) -> None:
        """Show how many connections this worker holds, and how many lines of its log nobody has taken."""
        self._row[_CONNECTIONS] = n_connections
        self._row[_LOG_DROPPED] = n_dropped_lines

    def by_endpoint(self) -> dict[str, EndpointTotals]:
        """Return what each endpoint has done, without those that nobody has called."""
        totals = {label: self._endpoint(block) for label, block in self._block_of.items()}
        return {label: done for label, done in totals.items() if done.requests}

    def errors(self) -> dict[str, int]:
        """Return how often each error was answered, without those that never were."""
        counts = self.board.totals(_ERRORS, _ERRORS + len(ERROR_NAMES) + 1)
        return {name: int(count) for name, count in zip((*ERROR_NAMES, OTHER), counts, strict=True) if count}

    @property
    def cache_hits(self) -> int:
        """Return how many answers came from the cache."""
        return int(self.board.total(_CACHE_HITS))

    @property
    def n_connections(self) -> int:
        """Return how many connections are open."""
        return int(self.board.total(_CONNECTIONS))

    @property
    def n_dropped_lines(self) -> int:
        """Return how many lines of the log nobody has taken, of the workers that run now."""
        return int(self.board.total(_LOG_DROPPED))

    @property
    def cache_misses(self) -> int:
        """Return how many answers had to be worked out."""
        return int(self.board.total(_CACHE_MISSES))

    @property
    def worker_deaths(self) -> int:
        """Return how often a worker has died, or was ended because it hung."""
        return int(self.board.total(DIED))

    @property
    def worker_hangs(self) -> int:
        """Return how often a worker was ended because it hung."""
        return int(self.board.total(HUNG))

    @property
    def uptime_seconds(self) -> float:
        """Return how long the service has been up."""
        return self.board.uptime_seconds

    def _endpoint(self, block: int) -> EndpointTotals:
        cells = self.board.totals(block, block + _BLOCK)
        by_status = zip((*STATUSES, OTHER_STATUS), cells[:_SECONDS], strict=True)
        return EndpointTotals(
            by_status={status: int(count) for status, count in by_status if count},
            seconds=cells[_SECONDS],
            histogram=[int(count) for count in cells[_HISTOGRAM:]],
        )
