"""What a profile is made of, counted over users: the counts of disjoint users add up, so that partitions can count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.drift.sketch import Sketch, joined_sketches, sketch_of

if TYPE_CHECKING:
    # Loading a model reads a profile, and a worker that loads one has no SciPy, which datasets need.
    from recsys.data.dataset import Dataset

MIN_COPIED = 5
"""From how many ratings on two equal histories are no chance."""


@dataclass(frozen=True, eq=False)
class ProfileCounts:
    """Counts over the ratings of some users.

    Attributes
    ----------
    by_user
        int64, (n_users,), ratings of each.
    popularity
        int64, (n_items,), ratings of each movie.
    stars
        Ratings by stars.
    months
        Ratings and users by month, counted from 1970-01.
    oldest, newest
        The first and the last second, Unix time; 0 without a rating.
    histories
        uint64, (n,), a hash of the history, stars included, of each user with `MIN_COPIED` ratings or more.
    sketch
        Of the ratings.
    """

    by_user: NDArray[np.int64]
    popularity: NDArray[np.int64]
    stars: dict[float, int]
    months: dict[int, tuple[int, int]]
    oldest: int
    newest: int
    histories: NDArray[np.uint64]
    sketch: Sketch


def counts_of(dataset: "Dataset") -> ProfileCounts:
    """Return the counts of a dataset; zeros for one without ratings."""
    by_user = np.bincount(dataset.user_indices, minlength=dataset.n_users)
    times = dataset.timestamps if dataset.n_ratings else np.zeros(1, dtype=np.int64)
    levels, counts = np.unique(dataset.ratings, return_counts=True)
    return ProfileCounts(
        by_user=by_user,
        popularity=dataset.popularity,
        stars=dict(zip(levels.tolist(), counts.tolist(), strict=True)),
        months=_months(dataset),
        oldest=int(times.min()),
        newest=int(times.max()),
        histories=history_hashes(dataset),
        sketch=sketch_of(dataset),
    )


def joined_profile_counts(parts: Sequence[ProfileCounts]) -> ProfileCounts:
    """Return the counts of all users from those of disjoint parts, at least one."""
    stars: Counter[float] = Counter()
    ratings: Counter[int] = Counter()
    users: Counter[int] = Counter()
    for part in parts:
        stars.update(part.stars)
        for month, (n_ratings, n_users) in part.months.items():
            ratings[month] += n_ratings
            users[month] += n_users
    with_ratings = [part for part in parts if part.stars] or parts[:1]
    return ProfileCounts(
        by_user=np.concatenate([part.by_user for part in parts]),
        popularity=np.sum([part.popularity for part in parts], axis=0),
        stars=dict(stars),
        months={month: (ratings[month], users[month]) for month in ratings},
        oldest=min(part.oldest for part in with_ratings),
        newest=max(part.newest for part in with_ratings),
        histories=np.concatenate([part.histories for part in parts]),
        sketch=joined_sketches([part.sketch for part in parts]),
    )


def _months(dataset: "Dataset") -> dict[int, tuple[int, int]]:
    numbers = dataset.timestamps.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    months, ratings = np.unique(numbers, return_counts=True)
    # Ratings are sorted by user; a key of both counts each user of a month once.
    first = int(numbers.min(initial=0))
    keys = (numbers - first) * dataset.n_users + dataset.user_indices
    users = np.bincount(np.searchsorted(months - first, np.unique(keys) // dataset.n_users), minlength=len(months))
    return {
        month: (n_ratings, n_users)
        for month, n_ratings, n_users in zip(months.tolist(), ratings.tolist(), users.tolist(), strict=True)
    }


def history_hashes(dataset: "Dataset") -> NDArray[np.uint64]:
    """Return a hash of each history that is long enough, uint64: a sum over its ratings, which no order changes."""
    by_user = np.bincount(dataset.user_indices, minlength=dataset.n_users)
    rows = dataset.catalog.movie_ids[dataset.item_indices].astype(np.uint64) * np.uint64(64)
    keys = (rows + np.round(dataset.ratings * 10).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    is_long = by_user >= MIN_COPIED
    ends = np.cumsum(by_user)[is_long]
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(keys, dtype=np.uint64)))
    hashes: NDArray[np.uint64] = sums[ends] - sums[ends - by_user[is_long]]
    return hashes
