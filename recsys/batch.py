"""Lists for many users at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.bounded_lists import BoundedLists
from recsys.catalog import Catalog
from recsys.data.indexing import find_ids, index_ids
from recsys.filter import Allowed, MovieFilter, allowed_movies
from recsys.model import Recommender
from recsys.picking import pick
from recsys.question import DEFAULT_N, check_question
from recsys.scorers import scorer_of
from recsys.top_k import NO_ITEM, TopItems, mask_seen, top_items


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


@dataclass(frozen=True)
class Wanted:
    """What each list is to be, as in `recsys.model.Recommender.recommend`."""

    n: int = DEFAULT_N
    min_rating: float | None = None
    diversity: float = 0.0
    recency: float | None = None
    new: int = 0
    filter: MovieFilter | None = None

    def check(self) -> None:
        """Raise a `ParameterError` for what is out of its range."""
        check_question(
            n=self.n, diversity=self.diversity, recency=self.recency, new=self.new, min_rating=self.min_rating
        )


def histories_of(
    user_ids: NDArray[np.integer], movie_ids: NDArray[np.integer], stars: NDArray[np.float32], catalog: Catalog
) -> tuple[NDArray[np.int64], sp.csr_array, int]:
    """Return ratings, columns of equal length in any order, in terms of a catalog.

    Returns
    -------
    (user_ids, histories, n_unknown): int64 (n_users,) ascending, every user; CSR float32 (n_users, n_items), stars; and
    the number of ratings that were left out because the catalog does not hold their movie.
    """
    users, user_indices = index_ids(user_ids)
    item_indices = find_ids(catalog.movie_ids, movie_ids)
    known = item_indices >= 0
    histories = sp.csr_array(
        (stars[known].astype(np.float32), (user_indices[known], item_indices[known])),
        shape=(len(users), catalog.n_items),
    )
    return users, histories, int(np.count_nonzero(~known))


def list_columns(block: ListBlock, user_ids: NDArray[np.int64], catalog: Catalog) -> dict[str, NDArray[Any]]:
    """Return a block of lists as columns, a row for each movie: user_id, movie_id, rank from 1, score."""
    listed = block.item_indices >= 0
    ranks = np.broadcast_to(np.arange(1, listed.shape[1] + 1), listed.shape)
    users = np.repeat(user_ids[block.rows], listed.sum(axis=1))
    movie_ids = catalog.movie_ids[block.item_indices[listed]]
    return {"user_id": users, "movie_id": movie_ids, "rank": ranks[listed], "score": block.scores[listed]}


def recommend_wanted(recommender: Recommender, histories: sp.csr_array, wanted: Wanted) -> Iterator[ListBlock]:
    """Yield lists as they are wanted, see `recommend_all`."""
    return recommend_all(
        recommender,
        histories,
        n=wanted.n,
        min_rating=wanted.min_rating,
        diversity=wanted.diversity,
        recency=wanted.recency,
        new=wanted.new,
        allowed=allowed_movies(recommender.catalog, wanted.filter),
    )


def recommend_all(
    recommender: Recommender,
    histories: sp.csr_array,
    *,
    n: int = DEFAULT_N,
    min_rating: float | None = None,
    diversity: float = 0.0,
    recency: float | None = None,
    new: int = 0,
    allowed: Allowed | None = None,
    block_size: int = 1024,
) -> Iterator[ListBlock]:
    """Yield what `Recommender.recommend` answers for each row of histories, block by block.

    Parameters
    ----------
    histories
        CSR float32, (n_users, n_items), stars 0.5-5; every stored movie is seen and does not come back.
    n, min_rating, diversity, recency, new
        As in `Recommender.recommend`.
    allowed
        Which movies may come up, None for all.
    block_size
        Users scored at once; memory grows with it times the number of movies.
    """
    scorer = scorer_of(recommender, min_rating=min_rating, recency=recency)
    lists = BoundedLists.of(scorer)
    if lists is not None and diversity == 0 and new == 0:
        order = lists.scan_order(_members(recommender, allowed))
        for start in range(0, histories.shape[0], block_size):
            rows = slice(start, min(start + block_size, histories.shape[0]))
            yield ListBlock(rows, *lists.best(histories[rows], n, order))
        return
    for start in range(0, histories.shape[0], block_size):
        rows = slice(start, min(start + block_size, histories.shape[0]))
        block = histories[rows]
        scored = scorer.scored(block)
        masked = mask_seen(scored.scores, block)
        if allowed is not None:
            masked[:, ~allowed.mask] = -np.inf
        if recommender.hidden is not None:
            masked[:, recommender.hidden] = -np.inf
        if diversity == 0 and new == 0:
            best = top_items(masked, n)
        else:
            places = np.where(scored.is_popular, 0, new)
            best = _picked(recommender, masked, n=n, diversity=diversity, places=places)
        yield ListBlock(rows, best.item_indices, best.scores)


def _members(recommender: Recommender, allowed: Allowed | None) -> NDArray[np.int64] | None:
    """Return which movies may come up, int64, None for all."""
    if allowed is None and recommender.hidden is None:
        return None
    mask = np.ones(recommender.catalog.n_items, np.bool_) if allowed is None else allowed.mask.copy()
    if recommender.hidden is not None:
        mask[recommender.hidden] = False
    return np.flatnonzero(mask)


def _picked(
    recommender: Recommender, masked: NDArray[np.float32], *, n: int, diversity: float, places: NDArray[np.int64]
) -> TopItems:
    """Return the lists of each row one by one, as diversity and places for new movies ask for it."""
    item_indices = np.full((len(masked), n), NO_ITEM, dtype=np.int64)
    scores = np.full((len(masked), n), -np.inf, dtype=np.float32)
    for row, n_new in enumerate(places.tolist()):
        picked = pick(
            masked[row],
            None,
            n=n,
            diversity=diversity,
            item_similarity=recommender.item_similarity,
            new_rows=recommender.unrated if n_new else None,
            n_new=n_new,
        )
        item_indices[row, : len(picked.item_indices)] = picked.item_indices
        scores[row, : len(picked.scores)] = picked.scores
    return TopItems(item_indices, scores)
