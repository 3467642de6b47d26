"""The columns of a file of ratings, as the fast and the exact reader both return them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.data.readers.times import as_seconds

_MAX_INT32 = 2**31 - 1


@dataclass(frozen=True, eq=False)
class RatingColumns:
    """Ratings in the order of their lines, not checked against any scale or catalogue.

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


def narrowed(ids: NDArray[np.int64]) -> NDArray[np.int32] | NDArray[np.int64]:
    """Return ids as int32 where all of them fit: half of the memory of 25 million rows."""
    if len(ids) and (ids.min() < -_MAX_INT32 or ids.max() > _MAX_INT32):
        return ids
    return ids.astype(np.int32)


def joined(
    users: Sequence[NDArray[np.generic]],
    movies: Sequence[NDArray[np.generic]],
    ratings: Sequence[NDArray[np.generic]] | None,
    times: Sequence[NDArray[np.generic]] | None,
    *,
    dated: bool,
) -> RatingColumns:
    """Return the batches of each column put together; ``dated`` tells that times are seconds made from dates."""
    seconds, unit = (None, "") if times is None else as_seconds(_concatenated(times, np.int64))
    return RatingColumns(
        user_ids=_concatenated(users, np.int64),  # type: ignore[arg-type]
        movie_ids=_concatenated(movies, np.int64),  # type: ignore[arg-type]
        ratings=None if ratings is None else _concatenated(ratings, np.float32).astype(np.float32, copy=False),
        timestamps=seconds,
        time_unit="dates" if dated else unit,
    )


def _concatenated(parts: Sequence[NDArray[np.generic]], empty_type: type[np.generic]) -> NDArray[np.generic]:
    return np.concatenate(parts) if parts else np.zeros(0, empty_type)
