"""A user's ratings as weights: what is liked speaks for other movies, what is disliked against them.

A rating of two stars is neutral. One above weighs ``3^0.3 (stars - 2)^0.7``, one below ``stars - 2``: five stars +3,
four +2.3, three +1.4, one star -1, half a star -1.5. Chosen on validation parts of the training ratings of MovieLens
100K and of the sample (``python -m benchmarks histories``), among powers, logarithms, other neutral points and the
user's own mean, shrunk. It is better than counting ratings from 3.5 stars on alike, both at finding what users rate
and at finding what they like, and better than ``stars - 2`` at the former. Weights relative to the user's mean gained
a little on random splits and lost as much on temporal ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS

NEUTRAL_STARS = 2.0
"""A rating that says nothing; below it, it speaks against."""
LIKE_EXPONENT = 0.7
_LIKE_SCALE = (MAX_STARS - NEUTRAL_STARS) ** (1 - LIKE_EXPONENT)


@dataclass(frozen=True, eq=False)
class History:
    """A user's ratings in terms of the catalog.

    Attributes
    ----------
    seen
        int64, (n_seen,), ascending rows of the catalog that are rated; they never come back.
    item_indices
        int64, (n_weighted,), those that weigh anything: first the liked rows, then the disliked ones, each ascending.
    weights
        float32, (n_weighted,), what each weighs: above zero when it is liked, below when it is disliked.
    n_liked
        How many of them are liked.
    unknown_movie_ids
        Rated ids that are not in the catalog, ascending.
    """

    seen: NDArray[np.int64]
    item_indices: NDArray[np.int64]
    weights: NDArray[np.float32]
    n_liked: int
    unknown_movie_ids: tuple[int, ...]

    @property
    def liked(self) -> NDArray[np.int64]:
        """Return the rows that are liked, int64, (n_liked,), ascending."""
        return self.item_indices[: self.n_liked]

    @property
    def disliked(self) -> NDArray[np.int64]:
        """Return the rows that are disliked, int64, (n_weighted - n_liked,), ascending."""
        return self.item_indices[self.n_liked :]


def _weight(stars: float) -> float:
    above = stars - NEUTRAL_STARS
    return _LIKE_SCALE * above**LIKE_EXPONENT if above > 0 else above


_WEIGHT_OF = {half_stars / 2: _weight(half_stars / 2) for half_stars in range(1, 11)}
"""Of the ratings that nearly all histories are made of."""


def rating_weight(stars: float, min_rating: float | None, exponent: float) -> float:
    """Return what one rating weighs, 0 for nothing; see `rating_weights` for many."""
    if min_rating is not None:
        return stars**exponent if stars >= min_rating else 0.0
    return _weight(stars)


def rating_weights(stars: NDArray[np.float32], min_rating: float | None, exponent: float) -> NDArray[np.float32]:
    """Return what ratings weigh, float32, of the same shape.

    Parameters
    ----------
    stars
        float32, any shape, 0.5-5.
    min_rating
        None weighs ratings by how far they lie above or below neutral; a number counts only those from it on, as likes.
    exponent
        With ``min_rating``, a like weighs ``stars ** exponent``.
    """
    if min_rating is not None:
        return np.where(stars >= min_rating, stars**exponent, 0).astype(np.float32)
    above = stars.astype(np.float64) - NEUTRAL_STARS
    liked = _LIKE_SCALE * np.maximum(above, 0) ** LIKE_EXPONENT
    return np.where(above > 0, liked, above).astype(np.float32)


def history_of(
    stars_of: Mapping[int, float], row_of: Mapping[int, int], *, min_rating: float | None, exponent: float
) -> History:
    """Return a history from stars by movie id and the catalog's row of each movie id."""
    # Plain Python: for the few ratings of most histories, NumPy's calls would take several times as long.
    seen, liked, disliked, unknown = [], [], [], []
    likes, dislikes = [], []
    known = _WEIGHT_OF if min_rating is None else {}
    for movie_id in sorted(stars_of):
        row = row_of.get(movie_id)
        if row is None:
            unknown.append(movie_id)
            continue
        seen.append(row)
        stars = stars_of[movie_id]
        weight = known.get(stars)
        if weight is None:
            weight = rating_weight(stars, min_rating, exponent)
        if weight > 0:
            liked.append(row)
            likes.append(weight)
        elif weight < 0:
            disliked.append(row)
            dislikes.append(weight)
    return History(
        np.array(seen, dtype=np.int64),
        np.array(liked + disliked, dtype=np.int64),
        np.array(likes + dislikes, dtype=np.float32),
        len(liked),
        tuple(unknown),
    )
