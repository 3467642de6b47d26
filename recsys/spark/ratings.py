"""Ratings in the partitions of a cluster: what is told of them, and their parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyspark import RDD, Broadcast, SparkContext, StorageLevel

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset, digest_of
from recsys.data.policies import Note
from recsys.spark.blocks import Block, MovieRows

Choose = Callable[[Dataset], NDArray[np.bool_]]
"""Returns which ratings of a block belong to a part, bool, (n_ratings,)."""


class Totals(NamedTuple):
    """Sums over the ratings of a part; a block has its own.

    Attributes
    ----------
    n_users, n_ratings, n_with_rating
        Users, ratings, and users with a rating in this part.
    stars
        The sum of the ratings, stars.
    popularity
        int64, (n_items,), ratings of each movie.
    oldest, newest
        The first and the last timestamp.
    """

    n_users: int
    n_ratings: int
    n_with_rating: int
    stars: float
    popularity: NDArray[np.int64]
    oldest: int
    newest: int


@dataclass(frozen=True, eq=False)
class SparkRatings:
    """Ratings of users in partitions, users in ascending order over all of them; or a part of such ratings.

    Attributes
    ----------
    name, catalog, notes, movie_labels
        As in `recsys.data.dataset.Dataset`.
    blocks
        One block in each partition; empty ones are fine.
    rows
        The ids of the catalog, on the workers.
    choose
        What belongs to this part, None for all.
    """

    name: str
    catalog: Catalog
    blocks: "RDD[Block]"
    rows: "Broadcast[MovieRows]"
    notes: tuple[Note, ...] = ()
    movie_labels: tuple[str, ...] = ()
    choose: Choose | None = None

    @classmethod
    def of(cls, context: SparkContext, dataset: Dataset, n_partitions: int | None = None) -> "SparkRatings":
        """Return the ratings of a dataset in memory, such as the built-in sample, in partitions."""
        n_parts = n_partitions or context.defaultParallelism
        ends = np.linspace(0, dataset.n_users, n_parts + 1).astype(int)
        blocks = [Block.of(dataset.of_users(start, stop)) for start, stop in pairwise(ends.tolist())]
        held = context.parallelize(blocks, n_parts).persist(StorageLevel.MEMORY_AND_DISK)
        rows = context.broadcast(MovieRows(dataset.catalog.movie_ids))
        return cls(dataset.name, dataset.catalog, held, rows, dataset.notes, dataset.movie_labels)

    @property
    def datasets(self) -> "RDD[Dataset]":
        """Return the ratings as one dataset in each partition, whose users are those of its block."""
        return self.blocks.map(partial(_dataset_of, rows=self.rows, choose=self.choose))

    def part(self, choose: Choose) -> "SparkRatings":
        """Return a part of the ratings, over the same users and movies."""
        return replace(self, choose=choose)

    @cached_property
    def totals(self) -> Totals:
        """Return the sums over all ratings."""
        totals: Totals = self.datasets.map(_totals_of).treeReduce(_added)
        return totals

    @cached_property
    def first_rows(self) -> list[int]:
        """Return how many users come before those of each partition, and how many there are in all."""
        counts = self.blocks.map(lambda block: len(block.user_ids)).collect()
        return [0, *np.cumsum(counts).tolist()]

    @property
    def n_users(self) -> int:
        """Return the number of users, those without a rating in this part included."""
        return self.totals.n_users

    @property
    def n_items(self) -> int:
        """Return the number of movies, those without a rating included."""
        return self.catalog.n_items

    @property
    def n_ratings(self) -> int:
        """Return the number of ratings."""
        return self.totals.n_ratings

    @property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        return self.totals.popularity

    @property
    def time_range(self) -> tuple[int, int]:
        """Return the first and the last timestamp, seconds since 1970; 0 where there is no rating."""
        totals = self.totals
        return (totals.oldest, totals.newest) if totals.n_ratings else (0, 0)

    @cached_property
    def digest(self) -> str:
        """Return the digest that the same ratings have on one machine: their columns pass by, one after the other."""
        return digest_of(self.catalog, map(self._column, range(5)))

    def _column(self, number: int) -> Iterator[NDArray[np.generic]]:
        first = iter(self.first_rows)
        for column in self.datasets.map(partial(_column_of, number=number)).toLocalIterator(prefetchPartitions=True):
            yield column + np.int32(next(first)) if number == 1 else column


def _dataset_of(block: Block, rows: "Broadcast[MovieRows]", choose: Choose | None) -> Dataset:
    dataset = block.as_dataset("partition", rows.value.catalog)
    return dataset if choose is None else dataset.part(choose(dataset))


def _column_of(dataset: Dataset, number: int) -> NDArray[np.generic]:
    columns = (dataset.user_ids, dataset.user_indices, dataset.item_indices, dataset.ratings, dataset.timestamps)
    return columns[number]


def _totals_of(dataset: Dataset) -> Totals:
    rated = np.bincount(dataset.user_indices, minlength=dataset.n_users)
    times = dataset.timestamps
    far = np.iinfo(np.int64)
    return Totals(
        n_users=dataset.n_users,
        n_ratings=dataset.n_ratings,
        n_with_rating=int(np.count_nonzero(rated)),
        stars=float(dataset.ratings.sum(dtype=np.float64)),
        popularity=dataset.popularity,
        oldest=int(times.min(initial=far.max)),
        newest=int(times.max(initial=far.min)),
    )


def _added(one: Totals, other: Totals) -> Totals:
    return Totals(
        one.n_users + other.n_users,
        one.n_ratings + other.n_ratings,
        one.n_with_rating + other.n_with_rating,
        one.stars + other.stars,
        one.popularity + other.popularity,
        min(one.oldest, other.oldest),
        max(one.newest, other.newest),
    )
