"""A bottom-k sketch of ratings: from the sketches of two datasets follows what share of one is still in the other.

Every (user, movie, stars) is hashed to 64 bits, and the k smallest hashes are kept: a uniform sample of the ratings,
and the same one wherever the same ratings are. Broder 1997, DOI 10.1109/SEQUEN.1997.666900; Cohen 1997,
DOI 10.1006/jcss.1997.1534.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    # Loading a model reads a profile, and a worker that loads one has no SciPy, which datasets need.
    from recsys.data.dataset import Dataset


SKETCH_SIZE = 4096
"""With so many hashes the standard error of a share of 80 % is 0.6 %."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """The smallest hashes of a set of ratings.

    Attributes
    ----------
    hashes
        uint64, (n,), ascending; all of them where the dataset has no more than `SKETCH_SIZE` ratings.
    times
        uint16, (n,), a fingerprint of the timestamp of each.
    n_ratings
        How many ratings the sketch stands for.
    """

    hashes: NDArray[np.uint64]
    times: NDArray[np.uint16]
    n_ratings: int

    @property
    def is_complete(self) -> bool:
        """Return whether the sketch holds every rating."""
        return len(self.hashes) == self.n_ratings


@dataclass(frozen=True)
class Kept:
    """What is left of a dataset in another.

    Attributes
    ----------
    ratings
        Share of its ratings that are there, 0-1: same user, same movie, same stars.
    times
        Share of those whose timestamp is the same as well, 0-1.
    n_compared
        How many hashes the estimates rest on.
    """

    ratings: float
    times: float
    n_compared: int


def sketch_of(dataset: "Dataset", size: int = SKETCH_SIZE) -> Sketch:
    """Return the sketch of a dataset, empty for one without ratings."""
    hashes = rating_hashes(dataset)
    smallest = np.argpartition(hashes, size)[:size] if len(hashes) > size else np.arange(len(hashes))
    smallest = smallest[np.argsort(hashes[smallest], kind="stable")]
    times = _mixed(dataset.timestamps[smallest].astype(np.uint64))
    return Sketch(hashes[smallest], (times >> np.uint64(48)).astype(np.uint16), dataset.n_ratings)


def joined_sketches(parts: Sequence[Sketch], size: int = SKETCH_SIZE) -> Sketch:
    """Return the sketch of all ratings from the sketches of disjoint parts."""
    hashes = np.concatenate([part.hashes for part in parts])
    times = np.concatenate([part.times for part in parts])
    smallest = np.argsort(hashes, kind="stable")[:size]
    return Sketch(hashes[smallest], times[smallest], sum(part.n_ratings for part in parts))


def rating_hashes(dataset: "Dataset") -> NDArray[np.uint64]:
    """Return a hash of (user id, movie id, stars) of each rating, uint64, (n_ratings,)."""
    user_hashes = _mixed(dataset.user_ids.astype(np.uint64))
    movie_hashes = _mixed(dataset.catalog.movie_ids.astype(np.uint64) ^ np.uint64(0x9E3779B97F4A7C15))
    tenths = np.round(dataset.ratings * 10).astype(np.uint64)
    # Mixed after each column, so that user 1 with movie 2 is not user 2 with movie 1.
    pairs = _mixed(user_hashes[dataset.user_indices] + movie_hashes[dataset.item_indices])
    return _mixed(pairs ^ tenths)


def share_kept(before: Sketch, after: Sketch) -> Kept:
    """Return how much of one dataset is still in another; all of a dataset without ratings is."""
    # Below the smaller of the two largest hashes both sketches are complete, so there they can be compared.
    limits = [sketch.hashes[-1] for sketch in (before, after) if len(sketch.hashes) and not sketch.is_complete]
    known = before.hashes if not limits else before.hashes[before.hashes <= min(limits)]
    if len(known) == 0:
        return Kept(1.0, 1.0, 0)
    _, of_known, of_after = np.intersect1d(known, after.hashes, assume_unique=False, return_indices=True)
    same = before.times[of_known] == after.times[of_after]
    return Kept(len(of_known) / len(known), float(same.mean()) if len(same) else 1.0, len(known))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return values whose bits depend on all bits of the given ones: the finalizer of SplitMix64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
