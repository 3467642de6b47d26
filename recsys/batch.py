"""Scores and lists for many users at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.evaluation.scorer import PopularFallback
from recsys.item_matrix import DenseItemMatrix, ItemMatrix
from recsys.methods.neighborhoods import to_csr
from recsys.model import Recommender
from recsys.top_k import mask_seen, top_items


@dataclass(frozen=True, eq=False)
class ItemScorer:
    """Scores of an item-item model: ``scores = history @ item_weights``.

    Attributes
    ----------
    item_weights, rating_exponent
        As in `recsys.methods.FittedItems`.
    min_rating
        From how many stars a movie of a history counts.
    """

    item_weights: ItemMatrix
    rating_exponent: float = 1.0
    min_rating: float = 0.0

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, dense float32, (n_block, n_items), of histories in stars, CSR (n_block, n_items)."""
        liked = histories.data >= self.min_rating
        weights = np.where(liked, histories.data**self.rating_exponent, 0).astype(np.float32)
        weighted = sp.csr_array((weights, histories.indices, histories.indptr), shape=histories.shape)
        if isinstance(self.item_weights, DenseItemMatrix):
            return np.asarray(weighted @ self.item_weights.values)
        return np.asarray((weighted @ to_csr(self.item_weights)).toarray())


class ListBlock(NamedTuple):
    """The lists of consecutive users.

    Attributes
    ----------
    rows
        Which of the users.
    item_indices
        int64, (n_block, n), best first, -1 after the last candidate.
    scores
        float32, (n_block, n).
    """

    rows: slice
    item_indices: NDArray[np.int64]
    scores: NDArray[np.float32]


def recommend_all(
    recommender: Recommender, histories: sp.csr_array, *, n: int, min_rating: float, block_size: int = 1024
) -> Iterator[ListBlock]:
    """Yield what `Recommender.recommend` answers for each row of histories, block by block.

    Parameters
    ----------
    histories
        CSR float32, (n_users, n_items), stars 0.5-5; every stored movie is seen and does not come back.
    n, min_rating
        As in `Recommender.recommend`.
    block_size
        Users scored at once; memory grows with it times the number of movies.
    """
    scorer = PopularFallback(
        ItemScorer(recommender.item_weights, recommender.rating_exponent, min_rating), recommender.popularity
    )
    for start in range(0, histories.shape[0], block_size):
        rows = slice(start, min(start + block_size, histories.shape[0]))
        block = histories[rows]
        best = top_items(mask_seen(scorer.scores(block), block), n)
        yield ListBlock(rows, best.item_indices, best.scores)
