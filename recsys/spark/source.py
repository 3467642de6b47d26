"""Ratings in partitions as a fit sees them: counts, and products with thin matrices that are summed over partitions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pyspark import RDD, Broadcast, StorageLevel

from recsys.data.dataset import Dataset
from recsys.methods.products import gram
from recsys.methods.rating_source import CsrGram, Float32, chance_items
from recsys.methods.rating_weights import balanced_weights
from recsys.spark.ratings import SparkRatings, Totals


@dataclass(frozen=True, eq=False)
class SparkGram:
    """Products with a matrix whose rows lie in partitions.

    Attributes
    ----------
    blocks
        CSR float32, (n_users_of_partition, n_items), kept by the workers.
    n_items
        The number of movies.
    """

    blocks: "RDD[sp.csr_array]"
    n_items: int

    def gram_product(self, thin: Float32) -> Float32:
        """Return ``X.T @ (X @ thin)``, float32, (n_items, n_columns), of float32, (n_items, n_columns)."""
        sent = self.blocks.context.broadcast(thin)
        try:
            total: Float32 = self._near_each_other().mapPartitions(partial(_products, thin=sent)).treeReduce(np.add)
        finally:
            sent.destroy()
        return total

    def gram(self) -> Float32:
        """Return ``X.T @ X``, float32, (n_items, n_items): a partial one travels for each core."""
        total: Float32 = self._near_each_other().mapPartitions(partial(_grams, n_items=self.n_items)).treeReduce(np.add)
        return total

    def _near_each_other(self) -> "RDD[sp.csr_array]":
        """Return the blocks with one task for each core, which adds up what it computes before anything is sent."""
        return self.blocks.coalesce(max(1, self.blocks.context.defaultParallelism))


@dataclass(frozen=True, eq=False)
class SparkSource:
    """What a fit asks of ratings (`recsys.methods.rating_source.RatingSource`), of those in partitions."""

    ratings: SparkRatings

    @property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        return self.ratings.popularity

    @property
    def n_users(self) -> int:
        """Return the number of users with a rating."""
        return self.ratings.totals.n_with_rating

    def weighted(self, balance: float) -> SparkGram:
        """Return the products with the weights of the ratings, see `RatingSource`."""
        return self._gram(balance, None)

    def by_chance(self, balance: float) -> SparkGram:
        """Return the same for ratings whose movies are drawn by chance, see `RatingSource`."""
        return self._gram(balance, self.ratings.blocks.context.broadcast(self.popularity))

    def _gram(self, balance: float, popularity: "Broadcast[NDArray[np.int64]] | None") -> SparkGram:
        totals = self.ratings.totals._replace(popularity=np.zeros(0, np.int64))
        weigh = partial(_weights, totals=totals, balance=balance, popularity=popularity)
        # Dropped by Spark when the operator is no longer referred to.
        blocks = self.ratings.datasets.map(weigh).persist(StorageLevel.MEMORY_AND_DISK)
        return SparkGram(blocks, self.ratings.n_items)


def _weights(
    dataset: Dataset, totals: Totals, balance: float, popularity: "Broadcast[NDArray[np.int64]] | None"
) -> sp.csr_array:
    n_rated = np.bincount(dataset.user_indices, minlength=dataset.n_users)
    data = balanced_weights(
        dataset.ratings,
        n_rated,
        mean_stars=totals.stars / totals.n_ratings if totals.n_ratings else 1.0,
        mean_rated=max(totals.n_ratings, 1) / max(totals.n_with_rating, 1),
        balance=balance,
    )
    items = dataset.item_indices
    if popularity is not None:
        user_ids, movie_ids = dataset.user_ids[dataset.user_indices], dataset.catalog.movie_ids[items]
        items = chance_items(user_ids, movie_ids, popularity.value)
    starts = np.concatenate(([0], np.cumsum(n_rated)))
    return sp.csr_array((data, items, starts), shape=(dataset.n_users, dataset.n_items))


def _products(blocks: Iterable[sp.csr_array], thin: "Broadcast[Float32]") -> Iterator[Float32]:
    """Yield the sum of the products of some blocks."""
    total = np.zeros(thin.value.shape, dtype=np.float32)
    for block in blocks:
        total += CsrGram(block).part(0, block.shape[0], thin.value)
    yield total


def _grams(blocks: Iterable[sp.csr_array], n_items: int) -> Iterator[Float32]:
    total = np.zeros((n_items, n_items), dtype=np.float32)
    for block in blocks:
        if block.nnz:
            total += gram(block)
    yield total
