"""Why a movie is recommended: which of the user's movies spoke for it, how much, and which one against it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.history import History

DESPITE_SHARE = 0.1
"""A disliked movie is named when it takes away at least this part of what the liked ones give: hardly any says less
than nothing against everything."""
LONG = 48
"""From more liked movies on it is faster to look for the largest one after the other than to sort."""
_DIGITS = 3
_TINY = np.float32(1e-30)  # instead of a division by zero, where nothing speaks for a movie


class Reasons(NamedTuple):
    """Reasons for several movies, a place in each list for each of them.

    Attributes
    ----------
    because
        Rows of liked movies that spoke for it, the strongest first.
    shares
        The part of each in all that liked movies give, 0 to 1, rounded to three digits.
    despite
        The row of the disliked movie that spoke most against it, None where none says much.
    """

    because: list[list[int]]
    shares: list[list[float]]
    despite: list[int | None]


def reasons_of(
    history: History, block: NDArray[np.float32], top: int, unnamed: NDArray[np.bool_] | None = None
) -> Reasons:
    """Return the reasons for movies.

    Parameters
    ----------
    block
        float32, (n_weighted, n_movies), the weights of the history's movies for those that are explained.
    top
        So many liked movies are named at most.
    unnamed
        bool, (n_weighted,), movies of the history that may not be named, None for none.
    """
    added = history.weights[:, None] * block
    speaking = np.maximum(added[: history.n_liked], 0)
    given = np.add.reduce(speaking)
    if unnamed is not None:
        added[unnamed] = 0
        speaking[unnamed[: history.n_liked]] = 0
    order = _strongest(speaking, top)
    largest = speaking[order, np.arange(block.shape[1])]
    rows: list[list[int]] = history.liked.take(order).T.tolist()
    shares: list[list[float]] = np.divide(largest, np.maximum(given, _TINY), dtype=np.float64).round(_DIGITS).T.tolist()
    # What speaks for a movie comes first, as it is sorted; the rest is cut off.
    for place, values in enumerate(largest.T.tolist()):
        if values and not values[-1]:
            count = len(values) - values.count(0.0)
            del rows[place][count:], shares[place][count:]
    return Reasons(rows, shares, _despite(history, added[history.n_liked :], given))


def _strongest(speaking: NDArray[np.float32], top: int) -> NDArray[np.int64]:
    """Return the rows of the ``top`` largest of each column, int64, (at most top, n_movies), ties in order of rows."""
    if len(speaking) <= LONG:
        return (-speaking).argsort(axis=0, kind="stable")[:top]
    # Of many only a few are wanted: the first largest is taken away, so that the next one is the largest.
    left = np.ascontiguousarray(speaking.T)
    movies = np.arange(len(left))
    found = np.empty((top, len(left)), dtype=np.int64)
    for rank in range(top):
        found[rank] = left.argmax(axis=1)
        left[movies, found[rank]] = -1
    return found


def _despite(history: History, added: NDArray[np.float32], given: NDArray[np.float32]) -> list[int | None]:
    if not len(added):
        return [None] * len(given)
    rows: list[int] = history.disliked.take(added.argmin(axis=0)).tolist()
    taken = np.minimum.reduce(added).tolist()
    return [
        row if least < -DESPITE_SHARE * gives else None
        for row, least, gives in zip(rows, taken, given.tolist(), strict=True)
    ]
