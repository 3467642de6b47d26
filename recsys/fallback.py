"""What is answered to users of whom nothing liked is known: what is popular lately, away from what they dislike."""

import numpy as np
from numpy.typing import NDArray

from recsys.item_matrix import ItemMatrix


def popular_scores(
    shares: NDArray[np.float32],
    item_similarity: ItemMatrix,
    disliked: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return a new array of scores, float32, (n_items,), in [0, 1].

    Parameters
    ----------
    shares
        float32, (n_items,), the share of recent users who have rated each movie.
    item_similarity
        (n_items, n_items) in [0, 1].
    disliked, weights
        int64 and float32, (n_disliked,), disliked rows and what they weigh, below zero. A movie's share is lowered in
        proportion to its largest similarity to one of them: one star takes it all, 1.5 stars half of it.
    """
    scores = shares.astype(np.float32)
    if len(disliked):
        likeness = np.zeros_like(scores)
        for row, strength in zip(disliked.tolist(), np.minimum(-weights, 1), strict=True):
            np.maximum(likeness, item_similarity.row(row) * strength, out=likeness)
        scores *= 1 - likeness
    return scores
