"""What a recommender answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Strategy = Literal["personal", "popular"]


@dataclass(frozen=True, eq=False)
class Recommendations:
    """An answer of `Recommender.recommend`.

    Attributes
    ----------
    item_indices
        int64, (at most n,), rows of the catalog, best first; places for new movies come last.
    scores
        float32, (at most n,). With strategy ``popular`` the share of recent users who have rated each movie, from 0 to
        1, lowered by its likeness to what is disliked.
    strategy
        ``personal``, or ``popular`` where no known movie was liked or nothing liked speaks for another.
    unknown_movie_ids
        Movies of the history and candidates of the filter that the catalog does not hold, ascending.
    n_new
        How many of the last ones fill places for new movies.
    """

    item_indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    strategy: Strategy
    unknown_movie_ids: tuple[int, ...]
    n_new: int = 0
