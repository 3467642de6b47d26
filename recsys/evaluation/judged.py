"""What the top lists of users are worth, user by user: all that the metrics are made of, so that parts can be joined.

On a cluster every partition judges its own users, and the metrics are those of one machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.evaluation.ranking import find_hits
from recsys.evaluation.rankings import rank_blocks
from recsys.evaluation.scorer import Scorer
from recsys.evaluation.slices import MovieSlices, SliceCounts, joined_counts
from recsys.splits import Split
from recsys.top_k import NO_ITEM

HEADLINE_CUTOFF = 10
"""The cut-off of the slices and of the per-user nDCG, by which versions are compared."""
LIKED_STARS = 4.0
"""From so many stars on a movie was liked."""
_SCORES_AT_ONCE = 4_000_000
"""Users are scored in blocks of 16 MB of float32, so that memory does not grow with the catalog."""


@dataclass(frozen=True, eq=False)
class Judged:
    """The lists of users, and what they are worth.

    Attributes
    ----------
    user_indices
        int64, (n_users,), ascending.
    item_indices
        int64, (n_users, top_k), their lists, best first, -1 after the last candidate.
    hits, liked_hits
        bool, (n_users, top_k), which listed movies are relevant, and which have `LIKED_STARS` in the holdout.
    n_relevant, n_liked, activity
        int64, (n_users,), how many movies are, and how many ratings the user has in train.
    slices
        Of movies, at `HEADLINE_CUTOFF`.
    """

    user_indices: NDArray[np.int64]
    item_indices: NDArray[np.int64]
    hits: NDArray[np.bool_]
    liked_hits: NDArray[np.bool_]
    n_relevant: NDArray[np.int64]
    n_liked: NDArray[np.int64]
    activity: NDArray[np.int64]
    slices: SliceCounts

    def moved(self, n_before: int) -> "Judged":
        """Return the same of users who come after so many others."""
        return replace(self, user_indices=self.user_indices + n_before)


def joined(parts: Sequence[Judged]) -> Judged:
    """Return what is known of all users from what is known of their parts, in ascending order, at least one."""
    names = [field.name for field in fields(Judged) if field.name != "slices"]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Judged(**columns, slices=joined_counts([part.slices for part in parts]))


def judge(
    scorer: Scorer,
    split: Split,
    user_indices: NDArray[np.int64],
    *,
    popularity: NDArray[np.int64],
    relevant_stars: float,
    top_k: int,
    block_size: int | None = None,
    first_row: int = 0,
    n_all_users: int | None = None,
) -> Judged:
    """Return what the lists of some users are worth.

    Parameters
    ----------
    scorer, split, relevant_stars, block_size
        As in `recsys.evaluation.report.evaluate`.
    user_indices
        int64, ascending, users with a relevant movie in the holdout.
    popularity
        int64, (n_items,), number of ratings in train of all users, those of other parts included.
    top_k
        Length of the lists.
    first_row, n_all_users
        Where these users are a part of more: how many come before them, and how many there are in all.
    """
    size = max(1, _SCORES_AT_ONCE // split.train.n_items) if block_size is None else block_size
    relevant = _of_users(split.holdout.part(split.holdout.ratings >= relevant_stars), user_indices)
    slices = MovieSlices(relevant, popularity, user_indices, HEADLINE_CUTOFF, first_row, n_all_users)
    item_indices = np.full((len(user_indices), top_k), NO_ITEM, dtype=np.int64)
    for ranking in rank_blocks(scorer, split.train.user_items, user_indices, block_size=size):
        item_indices[ranking.rows] = ranking.best(top_k)
        slices.add(ranking)
    liked = split.holdout.part(split.holdout.ratings >= LIKED_STARS)
    return Judged(
        user_indices=user_indices,
        item_indices=item_indices,
        hits=find_hits(relevant, user_indices, item_indices),
        liked_hits=find_hits(liked, user_indices, item_indices),
        n_relevant=_counts(relevant, user_indices),
        n_liked=_counts(liked, user_indices),
        activity=_counts(split.train, user_indices),
        slices=slices.counts(item_indices),
    )


def _counts(ratings: Dataset, user_indices: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(ratings.user_indices, minlength=ratings.n_users)[user_indices]


def _of_users(ratings: Dataset, user_indices: NDArray[np.int64]) -> Dataset:
    """Return the ratings of some users."""
    chosen = np.zeros(ratings.n_users, dtype=np.bool_)
    chosen[user_indices] = True
    return ratings if chosen[ratings.user_indices].all() else ratings.part(chosen[ratings.user_indices])
