"""From scores to a list: the best, or the best that are unlike one another, and places for new movies at the end."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.diversity import rerank_diverse
from recsys.item_matrix import ItemMatrix
from recsys.top_k import top_k


class Picked(NamedTuple):
    """A list: int64 and float32, (at most n,), of which the last ``n_new`` fill places for new movies."""

    item_indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    n_new: int


def pick(
    scores: NDArray[np.float32],
    n_candidates: int,
    *,
    n: int,
    diversity: float,
    item_similarity: ItemMatrix,
    new_rows: NDArray[np.int64] | None,
    n_new: int = 0,
) -> Picked:
    """Return the best n, ties by item index.

    Parameters
    ----------
    scores
        float32, (n_items,); -inf where a movie may not come up. Is written over.
    n_candidates
        How many scores are finite.
    diversity, item_similarity
        As in `recsys.diversity`.
    new_rows, n_new
        int64, ascending, the movies without ratings, of which at most ``n_new`` with a positive score come last.
    """
    newest = np.zeros(0, dtype=np.int64)
    if n_new and new_rows is not None:
        promising = new_rows[scores[new_rows] > 0]
        newest = promising[top_k(scores[promising], min(n_new, len(promising)))]
    of_newest = scores[newest]
    scores[newest] = -np.inf
    n_best = min(n, n_candidates) - len(newest)
    if diversity > 0:
        best = rerank_diverse(scores, item_similarity, n=n_best, diversity=diversity)
    else:
        best = top_k(scores, n_best)
    if not len(newest):
        return Picked(best, scores[best], 0)
    return Picked(np.concatenate([best, newest]), np.concatenate([scores[best], of_newest]), len(newest))
