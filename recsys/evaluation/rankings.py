"""Users with all that is needed to rank movies for them: scores, factors, or one order for everyone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.bounded_lists import BoundedLists, ScanOrder
from recsys.evaluation.scorer import PopularityScorer, Scorer, score_blocks
from recsys.top_k import NO_ITEM, top_items

USERS_AT_ONCE = 1024
"""Of a model of factors; with the first movies of a scan their scores take 8 MB."""
POPULAR_AT_ONCE = 20_000
FIRST_RANKS = 64
"""Ranks looked at beyond the length of a list; users who have seen more of the most popular movies get four times as
many, and so on."""


class Ranking(Protocol):
    """The rankings of consecutive users."""

    @property
    def rows(self) -> slice:
        """Return which of the users asked for."""
        ...

    def every(self, step: int, first: int = 0) -> "Ranking":
        """Return the rankings of every so manyth user of these, from the ``first`` one on."""
        ...

    def best(self, top_k: int, members: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the top lists, int64, (n_block, top_k), best first, -1 after the last candidate.

        ``members``, int64, ascending, are the only candidates; None for all movies. Seen movies are none.
        """
        ...


@dataclass(frozen=True, eq=False)
class ScoredRanking:
    """Rankings by scores, float32, (n_block, n_items), -inf at seen movies."""

    rows: slice
    scores: NDArray[np.float32]

    def every(self, step: int, first: int = 0) -> "ScoredRanking":
        """Return the rankings of every so manyth user, see `Ranking`."""
        return ScoredRanking(slice(self.rows.start + first, self.rows.stop, step), self.scores[first::step])

    def best(self, top_k: int, members: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the top lists, see `Ranking`."""
        if members is None:
            return top_items(self.scores, top_k).item_indices
        best = top_items(self.scores[:, members], top_k).item_indices
        return np.where(best >= 0, members[best], NO_ITEM)


@dataclass(frozen=True, eq=False)
class PopularRanking:
    """One order of the movies for everyone, int64, best first; seen movies, CSR (n_block, n_items), are left out."""

    rows: slice
    order: NDArray[np.int64]
    histories: sp.csr_array

    def every(self, step: int, first: int = 0) -> "PopularRanking":
        """Return the rankings of every so manyth user, see `Ranking`."""
        return PopularRanking(
            slice(self.rows.start + first, self.rows.stop, step), self.order, self.histories[first::step]
        )

    def best(self, top_k: int, members: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the top lists, see `Ranking`."""
        order = self.order if members is None else self.order[np.isin(self.order, members)]
        return best_unseen(order, self.histories, top_k)


@dataclass(frozen=True, eq=False)
class BoundedRanking:
    """Rankings by a model of factors, whose movies are not all looked at; histories are CSR, (n_block, n_items)."""

    rows: slice
    lists: BoundedLists
    orders: dict[bytes, ScanOrder]
    histories: sp.csr_array

    def every(self, step: int, first: int = 0) -> "BoundedRanking":
        """Return the rankings of every so manyth user, see `Ranking`."""
        rows = slice(self.rows.start + first, self.rows.stop, step)
        return BoundedRanking(rows, self.lists, self.orders, self.histories[first::step])

    def best(self, top_k: int, members: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the top lists, see `Ranking`."""
        # The same few groups of movies are asked for in every block.
        key = b"" if members is None else members.tobytes()
        if key not in self.orders:
            self.orders[key] = self.lists.scan_order(members)
        return self.lists.best(self.histories, top_k, self.orders[key]).item_indices


def rank_blocks(
    scorer: Scorer, user_items: sp.csr_array, user_indices: NDArray[np.int64], *, block_size: int
) -> Iterator[Ranking]:
    """Yield the rankings of users block by block; of popularity in large ones, as nothing has to be scored.

    The parameters are those of `recsys.evaluation.scorer.score_blocks`.
    """
    if isinstance(scorer, PopularityScorer):
        order = np.argsort(-scorer.popularity, kind="stable")
        for rows in _slices(len(user_indices), POPULAR_AT_ONCE):
            yield PopularRanking(rows, order, user_items[user_indices[rows]])
        return
    if (lists := BoundedLists.of(scorer)) is not None:
        orders: dict[bytes, ScanOrder] = {}
        for rows in _slices(len(user_indices), USERS_AT_ONCE):
            yield BoundedRanking(rows, lists, orders, user_items[user_indices[rows]])
        return
    for block in score_blocks(scorer, user_items, user_indices, block_size=block_size):
        yield ScoredRanking(block.rows, block.scores)


def _slices(length: int, size: int) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def best_unseen(order: NDArray[np.int64], histories: sp.csr_array, top_k: int) -> NDArray[np.int64]:
    """Return the first movies of an order that a user has not seen, int64, (n_users, top_k), -1 after the last.

    Parameters
    ----------
    order
        int64, item indices, best first.
    histories
        CSR, (n_users, n_items); every stored entry is a seen movie.
    """
    n_users, n_items = histories.shape
    lists = np.full((n_users, top_k), NO_ITEM, dtype=np.int64)
    rank_of = np.full(n_items, len(order), dtype=np.int64)
    rank_of[order] = np.arange(len(order))
    users, width = np.arange(n_users), min(top_k + FIRST_RANKS, len(order))
    while len(users) and width:
        asked = histories[users]
        is_new = np.ones((len(users), width), dtype=np.bool_)
        rows, ranks = np.repeat(np.arange(len(users)), np.diff(asked.indptr)), rank_of[asked.indices]
        is_new[rows[ranks < width], ranks[ranks < width]] = False
        place = np.cumsum(is_new, axis=1) - 1
        found, ranks = np.nonzero(is_new & (place < top_k))
        lists[users[found], place[found, ranks]] = order[ranks]
        users = users[place[:, -1] + 1 < top_k] if width < len(order) else users[:0]
        width = min(4 * width, len(order))
    return lists
