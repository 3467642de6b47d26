"""From scores to a list: the best, or the best that are unlike one another, and places for new movies at the end."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.diversity import POOL_FACTOR, rerank_diverse
from recsys.item_matrix import ItemMatrix
from recsys.top_k import top_k


class Picked(NamedTuple):
    """A list: int64 and float32, (at most n,), of which the last ``n_new`` fill places for new movies."""

    item_indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    n_new: int


def pick(
    scores: NDArray[np.float32],
    candidates: NDArray[np.int64] | None,
    *,
    n: int,
    diversity: float,
    item_similarity: ItemMatrix,
    new_rows: NDArray[np.int64] | None = None,
    n_new: int = 0,
) -> Picked:
    """Return the best n, ties by item index.

    Parameters
    ----------
    scores
        float32, (n_items,); -inf where a movie may not come up. Is written over.
    candidates
        int64, ascending, the movies with a finite score, where these are few; None to look at all.
    diversity, item_similarity
        As in `recsys.diversity`.
    new_rows, n_new
        int64, ascending, the movies without ratings, of which at most ``n_new`` with a positive score come last.
    """
    if not n_new or new_rows is None:
        best = _best(scores, candidates, n=n, diversity=diversity, item_similarity=item_similarity)
        return Picked(best, scores[best], 0)
    promising = new_rows[scores[new_rows] > 0]
    newest = promising[top_k(scores[promising], min(n_new, len(promising)))]
    of_newest = scores[newest]
    scores[newest] = -np.inf
    best = _best(scores, None, n=n - len(newest), diversity=diversity, item_similarity=item_similarity)
    return Picked(np.concatenate([best, newest]), np.concatenate([scores[best], of_newest]), len(newest))


def _best(
    scores: NDArray[np.float32],
    candidates: NDArray[np.int64] | None,
    *,
    n: int,
    diversity: float,
    item_similarity: ItemMatrix,
) -> NDArray[np.int64]:
    if diversity == 0:
        return best_finite(scores, candidates, n)
    pool = best_finite(scores, candidates, n * POOL_FACTOR)
    return rerank_diverse(pool, scores[pool], item_similarity, n=n, diversity=diversity)


def best_finite(scores: NDArray[np.float32], candidates: NDArray[np.int64] | None, n: int) -> NDArray[np.int64]:
    """Return the rows of the n largest scores that are finite, int64, best first, fewer where there are no more."""
    if candidates is not None:
        # A partition is slow over many scores that are alike, as -inf is.
        return candidates[top_k(scores[candidates], min(n, len(candidates)))]
    best = top_k(scores, min(n, len(scores)))
    # The last ones, if any, as they are the lowest.
    return best if len(best) == 0 or scores[best[-1]] > -np.inf else best[scores[best] > -np.inf]
