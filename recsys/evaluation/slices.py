"""Quality by user activity and by movie popularity: who is served well, and which movies are found at all.

A slice of users is judged by its own top lists. For a slice of movies no single number is enough, so there are two:

``recall``
    The share of the slice's relevant holdout ratings that the normal top lists hold. It is what users experience, and
    it tells whether these movies get shown. For movies with few ratings it is near 0 under every method that ranks
    well, because better-known movies are the better bet; alone it would say that nothing helps new movies.
``ndcg_within``
    Mean nDCG when the slice's movies are the only candidates, over the users with a relevant movie among them: a
    shelf of new films. It tells whether a method knows anything about these movies, by their content or otherwise.
    It takes rankings of its own, so that of many users it is taken of a sample, every second or third one and so on.

Both compare methods within a slice, not slices with each other: the fewer the candidates, the easier the ranking.
Movies are counted by their ratings in train.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.evaluation.ranking import find_hits, hit_rate, ndcg, recall
from recsys.evaluation.rankings import Ranking
from recsys.top_k import NO_ITEM

MOVIE_BOUNDS = (0, 5, 20)
"""Upper ends of the bins of movies, in ratings in train: 0, 1-5, 6-20, 21+."""
RANKED_USERS = 20_000
"""At most so many users are ranked once more for each slice of movies."""
USER_BOUNDS = (0, 10, 50, 200)
"""Upper ends of the bins of users, in ratings in train: 0, 1-10, 11-50, 51-200, 201+."""


@dataclass(frozen=True)
class Slice:
    """The quality on one slice.

    Attributes
    ----------
    by
        ``"user activity"`` or ``"movie popularity"``.
    label
        The number of ratings in train: ``"0"``, ``"1-5"``, ``"21+"``.
    n_members
        How many of the evaluated users, or of the movies, are in the slice.
    n_relevant
        How many relevant holdout ratings are in the slice.
    metrics
        Of users ``ndcg``, ``recall`` and ``hit_rate``, of movies ``recall`` and ``ndcg_within``, all at the cut-off;
        NaN in a slice without relevant ratings.
    """

    by: str
    label: str
    n_members: int
    n_relevant: int
    metrics: dict[str, float]


def bin_labels(bounds: Sequence[int]) -> list[str]:
    """Return the labels of the bins that end at these bounds, and of the open one after them."""
    starts = [0, *(bound + 1 for bound in bounds)]
    closed = [f"{start}" if start == end else f"{start}-{end}" for start, end in zip(starts, bounds, strict=False)]
    return [*closed, f"{starts[-1]}+"]


def user_slices(
    hits: NDArray[np.bool_], n_relevant: NDArray[np.int64], activity: NDArray[np.int64], *, top_k: int
) -> list[Slice]:
    """Return the quality by user activity.

    Parameters
    ----------
    hits, n_relevant, top_k
        As in `recsys.evaluation.ranking`, over the evaluated users.
    activity
        int64, (n_users,), number of ratings in train of the same users.
    """
    bin_of_user = np.searchsorted(USER_BOUNDS, activity)
    slices = []
    for number, label in enumerate(bin_labels(USER_BOUNDS)):
        chosen = bin_of_user == number
        wanted = n_relevant[chosen]
        metrics = {metric.__name__: _mean(metric(hits[chosen], wanted, top_k)) for metric in (ndcg, recall, hit_rate)}
        slices.append(Slice("user activity", label, int(chosen.sum()), int(wanted.sum()), metrics))
    return slices


class SliceCounts(NamedTuple):
    """What the slices of movies are made of; those of disjoint users are joined by `joined_counts`.

    Attributes
    ----------
    n_found, n_relevant
        int64, (n_slices,): relevant holdout ratings of each slice that the normal top lists hold, and all of them.
    ndcg_within
        float64 of each slice, its nDCG among its movies alone, of each ranked user with a relevant movie in it.
    """

    n_found: NDArray[np.int64]
    n_relevant: NDArray[np.int64]
    ndcg_within: tuple[NDArray[np.float64], ...]


def joined_counts(parts: Sequence[SliceCounts]) -> SliceCounts:
    """Return the counts of all users from those of their parts, at least one."""
    return SliceCounts(
        n_found=np.sum([part.n_found for part in parts], axis=0),
        n_relevant=np.sum([part.n_relevant for part in parts], axis=0),
        ndcg_within=tuple(map(np.concatenate, zip(*(part.ndcg_within for part in parts), strict=True))),
    )


@dataclass(eq=False)
class MovieSlices:
    """Collects the quality by movie popularity while rankings pass by in blocks.

    Attributes
    ----------
    relevant
        The holdout ratings that count as relevant.
    popularity
        int64, (n_items,), number of ratings in train.
    user_indices
        int64, (n_users,), the evaluated users.
    top_k
        The cut-off.
    first_row, n_all_users
        Of users that are a part of more: how many come before them, and how many there are in all.
    """

    relevant: Dataset
    popularity: NDArray[np.int64]
    user_indices: NDArray[np.int64]
    top_k: int
    first_row: int = 0
    n_all_users: int | None = None
    _bin_of_item: NDArray[np.int64] = field(init=False)
    _lists: list[NDArray[np.int64]] = field(init=False)
    _is_ranked: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self._bin_of_item = np.searchsorted(MOVIE_BOUNDS, self.popularity)
        self._is_ranked = np.zeros(len(self.user_indices), dtype=np.bool_)
        shape = (len(self.user_indices), self.top_k)
        self._lists = [np.full(shape, NO_ITEM, dtype=np.int64) for _ in bin_labels(MOVIE_BOUNDS)]

    @property
    def n_users(self) -> int:
        """Return the number of all evaluated users, those of other parts included."""
        return len(self.user_indices) if self.n_all_users is None else self.n_all_users

    def add(self, ranking: Ranking) -> None:
        """Rank the movies of each slice among themselves, for the users of a block."""
        step = -(-self.n_users // RANKED_USERS)
        some = ranking.every(step, -(self.first_row + ranking.rows.start) % step)
        self._is_ranked[some.rows] = True
        for number, lists in enumerate(self._lists):
            members = np.flatnonzero(self._bin_of_item == number)
            if members.size:
                lists[some.rows] = some.best(self.top_k, members)

    def counts(self, item_indices: NDArray[np.int64]) -> SliceCounts:
        """Return what the slices of movies are made of, given the normal top lists, int64, (n_users, n_ranks)."""
        shown = item_indices[:, : self.top_k]
        found = shown[find_hits(self.relevant, self.user_indices, shown)]
        bin_of_rating = self._bin_of_item[self.relevant.item_indices]
        return SliceCounts(
            n_found=np.bincount(self._bin_of_item[found], minlength=len(self._lists)),
            n_relevant=np.bincount(bin_of_rating, minlength=len(self._lists)),
            ndcg_within=tuple(
                self._ndcg_within(self.relevant.part(bin_of_rating == number), lists)
                for number, lists in enumerate(self._lists)
            ),
        )

    def result(self, item_indices: NDArray[np.int64]) -> list[Slice]:
        """Return the slices, given the normal top lists, int64, (n_users, n_ranks)."""
        return movie_slices(self.counts(item_indices), self.popularity)

    def _ndcg_within(self, wanted: Dataset, lists: NDArray[np.int64]) -> NDArray[np.float64]:
        n_relevant = np.bincount(wanted.user_indices, minlength=wanted.n_users)[self.user_indices] * self._is_ranked
        counted = n_relevant > 0
        hits = find_hits(wanted, self.user_indices[counted], lists[counted])
        return ndcg(hits, n_relevant[counted], self.top_k)


def movie_slices(counts: SliceCounts, popularity: NDArray[np.int64]) -> list[Slice]:
    """Return the quality by movie popularity, int64, (n_items,), number of ratings in train."""
    labels = bin_labels(MOVIE_BOUNDS)
    n_members = np.bincount(np.searchsorted(MOVIE_BOUNDS, popularity), minlength=len(labels))
    slices = []
    for number, label in enumerate(labels):
        n_relevant = int(counts.n_relevant[number])
        metrics = {
            "recall": float(counts.n_found[number] / n_relevant) if n_relevant else float("nan"),
            "ndcg_within": _mean(counts.ndcg_within[number]),
        }
        slices.append(Slice("movie popularity", label, int(n_members[number]), n_relevant, metrics))
    return slices


def _mean(per_user: NDArray[np.float64]) -> float:
    """Return the mean over the users that have a value, NaN when none has."""
    valid = per_user[~np.isnan(per_user)]
    return float(valid.mean()) if valid.size else float("nan")
