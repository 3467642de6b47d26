"""The columns of a file of ratings, as the fast and the exact reader both return them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.data.readers.times import as_seconds

_MAX_INT32 = 2**31 - 1


@dataclass(frozen=True, eq=False)
class RatingColumns:
    """Ratings in the order of their lines, not checked against any scale or catalog.

    Attributes
    ----------
    user_ids, movie_ids
        int32 or int64, (n_ratings,), ids of the source.
    ratings
        float32, (n_ratings,), as the source has them; None where it has no such column.
    timestamps
        int64, (n_ratings,), seconds since 1970 UTC; None where it has no such column.
    time_unit
        What the source's times were, when not seconds: ``milliseconds``, ``dates``.
    """

    user_ids: NDArray[np.int32] | NDArray[np.int64]
    movie_ids: NDArray[np.int32] | NDArray[np.int64]
    ratings: NDArray[np.float32] | None
    timestamps: NDArray[np.int64] | None
    time_unit: str = ""

    def __len__(self) -> int:
        return len(self.user_ids)


class GrowingColumn:
    """One column that grows batch by batch, in place: never twice in memory, as a list of batches to be joined is."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._values: NDArray[np.generic] = np.zeros(0, kind)
        self._length = 0

    def extend(self, values: NDArray[np.generic]) -> None:
        """Add a batch; ids that need 64 bits widen the whole column."""
        if values.dtype.itemsize > self._values.dtype.itemsize:
            self._values = self._values.astype(values.dtype)
        end = self._length + len(values)
        if end > len(self._values):
            # realloc moves large blocks by their page table; nobody else refers to the array
            self._values.resize(max(end, end * 9 // 8), refcheck=False)
        self._values[self._length : end] = values
        self._length = end

    def finished(self) -> NDArray[np.generic]:
        """Return the column, (n_rows,), without room to grow."""
        self._values.resize(self._length, refcheck=False)
        return self._values


def narrowed(ids: NDArray[np.int64]) -> NDArray[np.int32] | NDArray[np.int64]:
    """Return ids as int32 where all of them fit: half of the memory of 25 million rows."""
    if len(ids) and (ids.min() < -_MAX_INT32 or ids.max() > _MAX_INT32):
        return ids
    return ids.astype(np.int32)


def joined(
    users: list[NDArray[np.generic]],
    movies: list[NDArray[np.generic]],
    ratings: list[NDArray[np.generic]] | None,
    times: list[NDArray[np.generic]] | None,
    *,
    dated: bool,
) -> RatingColumns:
    """Return the batches of each column put together; ``dated`` tells that times are seconds made from dates.

    The lists are emptied on the way, so that only one column at a time is in memory twice.
    """
    seconds, unit = (None, "") if times is None else as_seconds(_concatenated(times, np.int64))
    return RatingColumns(
        user_ids=_concatenated(users, np.int64),  # type: ignore[arg-type]
        movie_ids=_concatenated(movies, np.int64),  # type: ignore[arg-type]
        ratings=None if ratings is None else _concatenated(ratings, np.float32).astype(np.float32, copy=False),
        timestamps=seconds,
        time_unit="dates" if dated else unit,
    )


def _concatenated(parts: list[NDArray[np.generic]], empty_type: type[np.generic]) -> NDArray[np.generic]:
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, empty_type)
    parts.clear()
    return whole
