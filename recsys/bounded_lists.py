"""The best movies of many users at once by a scan that ends early, of models that are kept as factors.

A score is the product of a user's vector and a movie's, so none exceeds the product of their lengths. Movies are looked
at from the longest vector on, for a block of users together, and a user is done when no further movie can enter the
list: LEMP (Teflioudi et al. 2015, DOI 10.1145/2723372.2747647), as in `recsys.item_factors` for one user.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.evaluation.scorer import Scorer
from recsys.item_factors import SLACK, FactorItemMatrix
from recsys.scorers import ItemScorer, PopularFallback
from recsys.top_k import NO_ITEM, TopItems, mask_seen, top_items

Float32 = NDArray[np.float32]

FIRST_MOVIES = 2048
"""Looked at first, for all users of a block; then twice as many each time, for those who are not done."""


@dataclass(frozen=True, eq=False)
class ScanOrder:
    """Movies in the order in which they are looked at.

    Attributes
    ----------
    items
        int, (n_scanned,), item indices, the longest vector first.
    vectors
        float32, (n_scanned, rank).
    lengths
        float32, (n_scanned,), descending.
    place
        int32, (n_items,), where each movie stands in the order; -1 where it does not.
    """

    items: NDArray[np.integer]
    vectors: Float32
    lengths: Float32
    place: NDArray[np.int32]

    @classmethod
    def of(cls, scorer: ItemScorer, matrix: FactorItemMatrix, members: NDArray[np.int64] | None = None) -> "ScanOrder":
        """Return the order of the movies of a model, or of some of them, int64, ascending."""
        if members is None and scorer.factors is None:
            return cls._of_sorted(matrix.order, matrix.factors, matrix.n_items)
        chosen = np.arange(matrix.n_items) if members is None else members
        vectors = matrix.by_item[chosen]
        if scorer.factors is not None:
            vectors *= scorer.factors[chosen, None]
        order = np.argsort(-np.einsum("ij,ij->i", vectors, vectors), kind="stable")
        return cls._of_sorted(chosen[order], vectors[order], matrix.n_items)

    @classmethod
    def _of_sorted(cls, items: NDArray[np.integer], vectors: Float32, n_items: int) -> "ScanOrder":
        place = np.full(n_items, -1, dtype=np.int32)
        place[items] = np.arange(len(items), dtype=np.int32)
        return cls(items, vectors, np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), place)


@dataclass(frozen=True, eq=False)
class BoundedLists:
    """Lists of a model of factors, with popular movies for whom it has nothing to say.

    Attributes
    ----------
    scorer
        The model.
    items
        Its scorer of movies, and
    matrix
        its factors.
    """

    scorer: PopularFallback
    items: ItemScorer
    matrix: FactorItemMatrix

    @classmethod
    def of(cls, scorer: Scorer) -> "BoundedLists | None":
        """Return the lists of a scorer, None where its model is not kept as factors."""
        if not isinstance(scorer, PopularFallback) or not isinstance(scorer.scorer, ItemScorer):
            return None
        matrix = scorer.scorer.item_weights
        return cls(scorer, scorer.scorer, matrix) if isinstance(matrix, FactorItemMatrix) else None

    def scan_order(self, members: NDArray[np.int64] | None = None) -> ScanOrder:
        """Return the order of all movies, or of some, int64, ascending."""
        return ScanOrder.of(self.items, self.matrix, members)

    def best(self, histories: sp.csr_array, n: int, order: ScanOrder) -> TopItems:
        """Return the best movies of each user among those of an order, seen ones left out.

        Parameters
        ----------
        histories
            CSR float32, (n_users, n_items), stars.
        n
            Length of the lists.
        order
            What may come up.
        """
        likes = self.items.likes_anything(histories)
        found = _scanned(order, self.items.user_vectors(histories), histories, n, np.flatnonzero(likes))
        is_empty = np.diff(histories.indptr) == 0
        if is_empty.any():
            found.item_indices[is_empty], found.scores[is_empty] = self._popular(n, order)
        # With a like and a movie that scores above zero, the products are the scores; factors divide those below.
        is_told = likes & (found.scores[:, 0 if self.items.factors is None else -1] > 0)
        rest = np.flatnonzero(~is_told & ~is_empty)
        if len(rest):
            members = np.sort(order.items)
            asked = histories[rest]
            scores = mask_seen(self.scorer.scores(asked), asked)[:, members]
            found.item_indices[rest], found.scores[rest] = _named(top_items(scores, n), members)
        return found

    def _popular(self, n: int, order: ScanOrder) -> TopItems:
        """Return the list of whoever has rated nothing, (1, n), the same for all."""
        members = np.sort(order.items)
        empty = sp.csr_array((1, self.matrix.n_items), dtype=np.float32)
        return _named(top_items(self.scorer.scores(empty)[:, members], n), members)


def _named(best: TopItems, members: NDArray[np.integer]) -> TopItems:
    """Return lists of places among some movies as lists of these."""
    return best._replace(item_indices=np.where(best.item_indices >= 0, members[best.item_indices], NO_ITEM))


def _scanned(order: ScanOrder, users: Float32, histories: sp.csr_array, n: int, active: NDArray[np.int64]) -> TopItems:
    """Return the largest products of each user's vector, float32, (n_users, rank), seen movies left out.

    Only the ``active`` users are looked at: for a vector of zeros nothing is ever ruled out.
    """
    best = np.full((len(users), n), -np.inf, dtype=np.float32)
    items = np.full((len(users), n), NO_ITEM, dtype=np.int64)
    reach = np.sqrt(np.einsum("ij,ij->i", users, users)) * np.float32(1 + SLACK)
    seen_row = np.repeat(np.arange(len(users)), np.diff(histories.indptr))
    seen_place = order.place[histories.indices]
    start, size = 0, FIRST_MOVIES
    while len(active) and start < len(order.items):
        stop = min(start + size, len(order.items))
        scores = users[active] @ order.vectors[start:stop].T
        row_of = np.full(len(users), -1)
        row_of[active] = np.arange(len(active))
        inside = (seen_place >= start) & (seen_place < stop) & (row_of[seen_row] >= 0)
        scores[row_of[seen_row[inside]], seen_place[inside] - start] = -np.inf
        new = top_items(scores, n)
        new_items = np.where(new.item_indices >= 0, order.items[start:stop][new.item_indices], NO_ITEM)
        best[active], items[active] = _merged(best[active], items[active], new.scores, new_items)
        if stop < len(order.items):
            active = active[best[active, -1] <= reach[active] * order.lengths[stop]]
        start, size = stop, 2 * size
    return TopItems(items, best)


def _merged(
    scores: Float32, items: NDArray[np.int64], new_scores: Float32, new_items: NDArray[np.int64]
) -> tuple[Float32, NDArray[np.int64]]:
    """Return the best of two lists of each row, ties in ascending order of their items."""
    both, both_items = np.hstack([scores, new_scores]), np.hstack([items, new_items])
    order = np.lexsort((both_items, -both), axis=1)[:, : scores.shape[1]]
    return np.take_along_axis(both, order, axis=1), np.take_along_axis(both_items, order, axis=1)
