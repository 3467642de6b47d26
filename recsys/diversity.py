"""Lists that repeat themselves less: maximal marginal relevance.

Carbonell & Goldstein (1998), DOI 10.1145/290941.291025.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.item_matrix import ItemMatrix

POOL_FACTOR = 10
"""The list is picked from this many times as many best-scored movies."""


def rerank_diverse(
    pool: NDArray[np.int64],
    pool_scores: NDArray[np.float32],
    item_similarity: ItemMatrix,
    *,
    n: int,
    diversity: float,
) -> NDArray[np.int64]:
    """Return the rows of n movies, picked one by one by score less likeness to those picked before.

    Parameters
    ----------
    pool, pool_scores
        int64 and float32, (n_pool,), the movies to pick from, best first, and their finite scores.
    item_similarity
        (n_items, n_items) in [0, 1].
    n
        How many to pick; fewer where the pool has no more.
    diversity
        The next pick has the largest ``(1 - diversity) * score - diversity * similarity``, where the score is scaled to
        [0, 1] over the pool and the similarity is the largest to any movie picked before. Ties go to the better score.

    Returns
    -------
    int64, (min(n, n_pool),), in the order of picking.
    """
    if len(pool) == 0:
        return pool
    spread = pool_scores[0] - pool_scores[-1]
    relevance = (pool_scores - pool_scores[-1]) / spread if spread > 0 else np.ones_like(pool_scores)
    nearest = np.zeros(len(pool), dtype=np.float32)
    picked: list[int] = []
    for _ in range(min(n, len(pool))):
        value = (1 - diversity) * relevance - diversity * nearest
        value[picked] = -np.inf
        choice = int(np.argmax(value))
        picked.append(choice)
        # A row at a time: of a pool of hundreds only the few that are picked are ever looked up.
        np.maximum(nearest, item_similarity.block(pool[[choice]], pool)[0], out=nearest)
    return pool[picked]
