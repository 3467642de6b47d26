"""Numbers that all processes of the service share: one row of cells for each worker.

A worker writes to its own row only, so nothing is locked and nothing is lost; anyone may read all rows. The memory
has no name in the file system, so no file is left behind, and a worker that replaces a dead one goes on counting in
its row.
"""

import mmap
import os
import tempfile
import time
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Row: TypeAlias = memoryview[float]

CELLS_PER_ROW = 4096
CELL_BYTES = 8

STARTED_AT = 0
"""Unix time at which the service started; in row 0."""
READY = 1
"""1 once the worker accepts requests."""
CACHE_CLEARS = 2
"""How often the worker was asked to clear the cache of answers."""
ENDING = 3
"""1 once the service is about to end; in row 0."""
FIRST_FREE = 8
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
    def started_at(self) -> float:
        """Return the Unix time at which the service started."""
        return float(self._rows[0][STARTED_AT])

    @property
    def ending(self) -> bool:
        """Return whether the service is about to end."""
        return bool(self._rows[0][ENDING])

    def announce_end(self) -> None:
        """Let all workers know that the service is about to end; for the parent."""
        self._rows[0][ENDING] = 1

    @property
    def n_ready(self) -> int:
        """Return how many workers accept requests."""
        return int(self.total(READY))


def create_memory(n_rows: int) -> int:
    """Return a descriptor of new shared memory for so many workers, stamped with the time."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("recsys-board")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, n_rows * CELLS_PER_ROW * CELL_BYTES)
    Board(descriptor, n_rows).row(0)[STARTED_AT] = time.time()
    return descriptor


def private_board() -> Board:
    """Return a board of one row that no other process shares."""
    descriptor = create_memory(1)
    try:
        return Board(descriptor, 1)
    finally:
        os.close(descriptor)
