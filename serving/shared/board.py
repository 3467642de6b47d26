"""Numbers that all processes of the service share: one row of cells for each worker.

A worker writes to its own row only, and the parent to cells that no worker writes to, so nothing is locked and nothing
is lost; anyone may read all rows. The memory has no name in the file system, so no file is left behind, and a worker
that replaces a dead one goes on counting in its row.
"""

import mmap
import os
import time
from typing import TYPE_CHECKING, TypeAlias

from serving.shared.nameless_file import nameless_file

if TYPE_CHECKING:
    Row: TypeAlias = memoryview[float]

CELLS_PER_ROW = 12288
CELL_BYTES = 8

STARTED_AT = 0
"""Monotonic time at which the service started, seconds; in row 0."""
READY = 1
"""1 once the worker accepts requests."""
CACHE_CLEARS = 2
"""How often the worker was asked to clear the cache of answers."""
ENDING = 3
"""1 once the service is about to end; in row 0."""
HEARTBEAT = 4
"""Monotonic time of the worker's last sign of life, seconds."""
PARENT_HEARTBEAT = 5
"""Monotonic time of the parent's last sign of life, seconds; in row 0."""
DIED = 6
"""How often the worker of this row has died; written by the parent."""
HUNG = 7
"""How often the worker of this row was ended because it hung; written by the parent."""
FIRST_OF_VERSIONS = 4096
"""Cells from here on belong to the metrics by version."""
FIRST_OF_TRAFFIC = 8192
"""Cells from here on belong to the metrics of a Challenger on real traffic."""
FIRST_FREE = 16
"""Cells from here on belong to the metrics."""


class Board:
    """Rows of float64 cells in shared memory.

    Parameters
    ----------
    descriptor
        Of the memory, as `create_memory` has made it.
    n_rows
        Number of workers.
    """

    def __init__(self, descriptor: int, n_rows: int) -> None:
        self.n_rows = n_rows
        self._memory = mmap.mmap(descriptor, n_rows * CELLS_PER_ROW * CELL_BYTES)
        cells = memoryview(self._memory).cast("d")
        self._rows: list[Row] = [cells[row * CELLS_PER_ROW : (row + 1) * CELLS_PER_ROW] for row in range(n_rows)]

    @property
    def rows(self) -> "list[Row]":
        """Return the cells of all workers, to be read."""
        return self._rows

    def row(self, number: int) -> "Row":
        """Return the cells of one worker, float64, to be written by that worker only."""
        return self._rows[number]

    def total(self, cell: int) -> float:
        """Return the sum of one cell over all workers."""
        return sum(row[cell] for row in self._rows)

    def totals(self, start: int, stop: int) -> list[float]:
        """Return the sums of the cells from ``start`` to before ``stop``."""
        return [sum(column) for column in zip(*(row[start:stop].tolist() for row in self._rows), strict=True)]

    @property
    def uptime_seconds(self) -> float:
        """Return how long the service has been up, whatever the clock on the wall did meanwhile."""
        return time.monotonic() - float(self._rows[0][STARTED_AT])

    @property
    def ending(self) -> bool:
        """Return whether the service is about to end."""
        return bool(self._rows[0][ENDING])

    def announce_end(self) -> None:
        """Let all workers know that the service is about to end; for the parent."""
        self._rows[0][ENDING] = 1

    def beat(self, slot: int) -> None:
        """Give a sign of life; for the worker of this row, and for the parent when it starts one."""
        self._rows[slot][HEARTBEAT] = time.monotonic()

    def beat_as_parent(self) -> None:
        """Give a sign of life of the parent."""
        self._rows[0][PARENT_HEARTBEAT] = time.monotonic()

    @property
    def parent_heartbeat(self) -> float:
        """Return the monotonic time of the parent's last sign of life."""
        return float(self._rows[0][PARENT_HEARTBEAT])

    @property
    def n_ready(self) -> int:
        """Return how many workers accept requests."""
        return int(self.total(READY))


def create_memory(n_rows: int) -> int:
    """Return a descriptor of new shared memory for so many workers, stamped with the time."""
    descriptor = nameless_file("recsys-board")
    os.ftruncate(descriptor, n_rows * CELLS_PER_ROW * CELL_BYTES)
    row = Board(descriptor, n_rows).row(0)
    row[STARTED_AT] = row[PARENT_HEARTBEAT] = time.monotonic()
    return descriptor


def private_board() -> Board:
    """Return a board of one row that no other process shares."""
    descriptor = create_memory(1)
    try:
        return Board(descriptor, 1)
    finally:
        os.close(descriptor)
