"""The served model's scores for many users at once, as evaluation, batch and sweeps need them."""

from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.evaluation.scorer import Scorer
from recsys.fallback import popular_scores
from recsys.history import rating_weights
from recsys.item_factors import FactorItemMatrix
from recsys.item_matrix import DenseItemMatrix, ItemMatrix
from recsys.methods.neighborhoods import to_csr
from recsys.model import Recommender
from recsys.recency import apply_factors


@dataclass(frozen=True, eq=False)
class ItemScorer:
    """Scores of an item-item model: ``scores = weights of the history @ item_weights``.

    Attributes
    ----------
    item_weights, rating_exponent
        As in `recsys.methods.FittedItems`.
    min_rating
        None weighs ratings by how far they lie above or below neutral, as the service does; with a number, ratings from
        it on count as likes, so 0 counts everything rated.
    factors
        float32, (n_items,), positive: what scores are raised by, None for nothing.
    """

    item_weights: ItemMatrix
    rating_exponent: float = 1.0
    min_rating: float | None = None
    factors: NDArray[np.float32] | None = None

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, dense float32, (n_block, n_items), of histories in stars, CSR (n_block, n_items).

        A row is zero throughout when nothing in its history is liked or nothing liked speaks for a movie.
        """
        scores = sums_of_rows(self.weighted(histories), self.item_weights)
        says_nothing = ~self.likes_anything(histories) | (scores.max(axis=1, initial=0) <= 0)
        if says_nothing.any():
            scores[says_nothing] = 0
        return scores if self.factors is None else apply_factors(scores, self.factors)

    def weighted(self, histories: sp.csr_array) -> sp.csr_array:
        """Return what the ratings of histories weigh, CSR float32, (n_block, n_items)."""
        weights = rating_weights(histories.data, self.min_rating, self.rating_exponent)
        return sp.csr_array((weights, histories.indices, histories.indptr), shape=histories.shape)

    def likes_anything(self, histories: sp.csr_array) -> NDArray[np.bool_]:
        """Return who likes something, bool, (n_block,)."""
        liked = self.weighted(histories)
        likes = np.zeros(liked.shape[0], dtype=np.bool_)
        likes[np.repeat(np.arange(len(likes)), np.diff(liked.indptr))[liked.data > 0]] = True
        return likes

    def user_vectors(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the vectors of users, float32, (n_block, rank), of a model that is kept as factors."""
        return user_vectors(self.weighted(histories), cast(FactorItemMatrix, self.item_weights))


def user_vectors(weights: sp.csr_array, matrix: FactorItemMatrix) -> NDArray[np.float32]:
    """Return weighted sums of the vectors of movies, float32, (n_block, rank), of CSR float32 (n_block, n_items)."""
    scaled = weights.data * matrix.row_scale[weights.indices]
    return np.asarray(sp.csr_array((scaled, weights.indices, weights.indptr), shape=weights.shape) @ matrix.by_item)


def sums_of_rows(weights: sp.csr_array, matrix: ItemMatrix) -> NDArray[np.float32]:
    """Return ``weights @ matrix``, a new dense float32 array, (n_block, n_items), of CSR float32 (n_block, n_items)."""
    if isinstance(matrix, DenseItemMatrix):
        return np.asarray(weights @ matrix.values)
    if not isinstance(matrix, FactorItemMatrix):
        return np.asarray((weights @ to_csr(matrix)).toarray())
    sums: NDArray[np.float32] = user_vectors(weights, matrix) @ matrix.by_item.T
    scaled = weights.data * matrix.row_scale[weights.indices]
    # The diagonal is zero, the product of a vector with itself is not.
    rows = np.repeat(np.arange(len(sums)), np.diff(weights.indptr))
    sums[rows, weights.indices] -= scaled * matrix.squares[weights.indices]
    return sums


class Scored(NamedTuple):
    """Scores of users, float32, (n_block, n_items), and which rows are of popular movies, bool, (n_block,)."""

    scores: NDArray[np.float32]
    is_popular: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PopularFallback:
    """A scorer that answers with popular movies where it has nothing to say, as `recsys.model.Recommender` does.

    Without it a user whose scores are all zero, by an empty history for one, gets the movies with the lowest ids.

    Attributes
    ----------
    scorer
        The scorer that is asked first.
    popularity
        (n_items,), what is popular, in any unit: lately (`recsys.recency`) or ever.
    item_similarity
        Movies similar to those that a user dislikes are moved down by it, if it is given.
    """

    scorer: Scorer
    popularity: NDArray[np.float32]
    item_similarity: ItemMatrix | None = None

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, float32, (n_block, n_items), those of a row that is zero throughout replaced."""
        return self.scored(histories).scores

    def scored(self, histories: sp.csr_array) -> Scored:
        """Return the same scores, and which rows are those of popular movies."""
        scores = self.scorer.scores(histories)
        is_popular: NDArray[np.bool_] = np.logical_not(scores.any(axis=1))
        if is_popular.any():
            scores = np.array(scores, dtype=np.float32)
            for row in np.flatnonzero(is_popular).tolist():
                scores[row] = self._popular(histories, row)
        return Scored(scores, is_popular)

    def _popular(self, histories: sp.csr_array, row: int) -> NDArray[np.float32]:
        if self.item_similarity is None:
            return self.popularity
        own = slice(histories.indptr[row], histories.indptr[row + 1])
        weights = rating_weights(histories.data[own], None, 1.0)
        bad = weights < 0
        return popular_scores(self.popularity, self.item_similarity, histories.indices[own][bad], weights[bad])


def scorer_of(model: Recommender, *, min_rating: float | None = None, recency: float | None = None) -> PopularFallback:
    """Return the scores that a model serves: histories weighed, recency applied, and what is popular lately else.

    Parameters
    ----------
    min_rating, recency
        As in `Recommender.recommend`; by default as the service has them.
    """
    factors = model.recency_factors(recency)
    return PopularFallback(
        ItemScorer(model.item_weights, model.rating_exponent, min_rating, factors),
        model.recent_popularity.shares,
        model.item_similarity if min_rating is None else None,
    )
