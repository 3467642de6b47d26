"""Lists for many users at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.filter import Allowed
from recsys.model import DEFAULT_N, Recommender
from recsys.picking import pick
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
