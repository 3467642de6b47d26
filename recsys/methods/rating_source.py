"""Ratings as a fit sees them: counts, and products with thin matrices, wherever the ratings lie.

A fit that asks for nothing more runs over a matrix in memory (`CsrRatings`) as over the partitions of a cluster.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.methods.products import gram
from recsys.methods.rating_weights import balanced_weights
from recsys.pair_hash import pair_uniform

Float32 = NDArray[np.float32]

CHANCE_SEED = 0
PARTS = 4
"""Worked on in threads and added up in order, so that the sum is the same on any number of processors."""
USERS_AT_ONCE = 8192
"""With 64 columns their products take 2 MB and stay in a processor's cache."""


class GramOperator(Protocol):
    """``X.T @ X`` of a matrix X with a column for each movie, known by what it does to thin matrices."""

    @property
    def n_items(self) -> int:
        """Return the number of movies."""
        ...

    def gram_product(self, thin: Float32) -> Float32:
        """Return ``X.T @ (X @ thin)``, float32, (n_items, n_columns), of float32, (n_items, n_columns)."""
        ...

    def gram(self) -> Float32:
        """Return all of it, float32, (n_items, n_items), for up to a few thousand movies."""
        ...


class RatingSource(Protocol):
    """What a fit asks of ratings.

    A rating weighs what `recsys.methods.rating_weights.balanced_weights` says, with means over all ratings and over all
    users with a rating. Scales of the movies, and content as additional rows, are put around the products by who asks
    for them, see `ScaledGram`.
    """

    @property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        ...

    @property
    def n_users(self) -> int:
        """Return the number of users with a rating."""
        ...

    def weighted(self, balance: float) -> GramOperator:
        """Return the products with X, the weights of the ratings, (n_users, n_items)."""
        ...

    def by_chance(self, balance: float) -> GramOperator:
        """Return the same for ratings whose movies are drawn by chance (`chance_items`), all else kept.

        Draws that fall on one movie of one user add up.
        """
        ...


def chance_items(
    user_ids: NDArray[np.int64], movie_ids: NDArray[np.int64], popularity: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return a movie for each rating by popularity alone, int32, (n_ratings,), row numbers.

    A hash of the rating draws, so that the partitions of a cluster draw the same as one machine.

    Parameters
    ----------
    user_ids, movie_ids
        int64, (n_ratings,), as the dataset spells them.
    popularity
        int64, (n_items,), over all ratings, wherever they lie.
    """
    ends = np.cumsum(popularity)
    drawn = (pair_uniform(CHANCE_SEED, user_ids, movie_ids) * ends[-1]).astype(np.int64)
    items: NDArray[np.int32] = np.searchsorted(ends, drawn, side="right").astype(np.int32)
    return items


@dataclass(frozen=True, eq=False)
class CsrGram:
    """Products with a matrix in memory.

    Attributes
    ----------
    matrix
        CSR float32, (n_users, n_items).
    """

    matrix: sp.csr_array

    @property
    def n_items(self) -> int:
        """Return the number of movies."""
        n_items: int = self.matrix.shape[1]
        return n_items

    def gram_product(self, thin: Float32) -> Float32:
        """Return ``X.T @ (X @ thin)``, float32, (n_items, n_columns), of float32, (n_items, n_columns)."""
        bounds = np.linspace(0, self.matrix.shape[0], PARTS + 1).astype(int).tolist()
        with ThreadPoolExecutor() as pool:
            parts = list(pool.map(lambda start, stop: self.part(start, stop, thin), bounds[:-1], bounds[1:]))
        total: Float32 = np.add.reduce(parts)
        return total

    def gram(self) -> Float32:
        """Return ``X.T @ X``, float32, (n_items, n_items)."""
        return gram(self.matrix)

    def part(self, start: int, stop: int, thin: Float32) -> Float32:
        """Return the same product with some of the users alone."""
        total = np.zeros(thin.shape, dtype=np.float32)
        for first in range(start, stop, USERS_AT_ONCE):
            block = self._rows(first, min(first + USERS_AT_ONCE, stop))
            total += block.T @ (block @ thin)
        return total

    def _rows(self, start: int, stop: int) -> sp.csr_array:
        """Return some rows, a view: slicing would copy them each time."""
        ends = self.matrix.indptr[start : stop + 1]
        stored = slice(ends[0], ends[-1])
        shape = (stop - start, self.n_items)
        return sp.csr_array((self.matrix.data[stored], self.matrix.indices[stored], ends - ends[0]), shape=shape)


@dataclass(frozen=True, eq=False)
class ScaledGram:
    """Products with ``[X * item_scale; features.T]``: scaled movies, and content as additional rows.

    Attributes
    ----------
    ratings
        The products with X.
    item_scale
        float32, (n_items,).
    features
        float32, (n_items, n_features); (n_items, 0) for none.
    """

    ratings: GramOperator
    item_scale: Float32
    features: Float32

    @property
    def n_items(self) -> int:
        """Return the number of movies."""
        return self.ratings.n_items

    def gram_product(self, thin: Float32) -> Float32:
        """Return the product of the Gram matrix with float32, (n_items, n_columns), of the same shape."""
        scale = self.item_scale[:, None]
        product = scale * self.ratings.gram_product(scale * thin)
        product += self.features @ (self.features.T @ thin)
        return product

    def gram(self) -> Float32:
        """Return the Gram matrix, float32, (n_items, n_items)."""
        product = self.ratings.gram()
        product *= self.item_scale[:, None]
        product *= self.item_scale
        product += self.features @ self.features.T
        return product


@dataclass(frozen=True, eq=False)
class CsrRatings:
    """The ratings of a dataset in memory.

    Attributes
    ----------
    dataset
        Whose ratings they are; users and movies without one are fine.
    """

    dataset: Dataset

    @property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        return self.dataset.popularity

    @property
    def n_users(self) -> int:
        """Return the number of users with a rating."""
        return int(np.count_nonzero(np.diff(self.dataset.user_items.indptr)))

    def weighted(self, balance: float) -> CsrGram:
        """Return the products with the weights of the ratings, see `RatingSource`."""
        return CsrGram(self._weights(self.dataset.item_indices, balance))

    def by_chance(self, balance: float) -> CsrGram:
        """Return the same for ratings whose movies are drawn by chance, see `RatingSource`."""
        dataset = self.dataset
        user_ids, movie_ids = dataset.user_ids[dataset.user_indices], dataset.catalog.movie_ids[dataset.item_indices]
        return CsrGram(self._weights(chance_items(user_ids, movie_ids, self.popularity), balance))

    def _weights(self, item_indices: NDArray[np.int32], balance: float) -> sp.csr_array:
        dataset, ratings = self.dataset, self.dataset.user_items
        data = balanced_weights(
            dataset.ratings,
            np.diff(ratings.indptr),
            mean_stars=float(dataset.ratings.mean(dtype=np.float64)) if dataset.n_ratings else 1.0,
            mean_rated=max(dataset.n_ratings, 1) / max(self.n_users, 1),
            balance=balance,
        )
        return sp.csr_array((data, item_indices, ratings.indptr), shape=ratings.shape)
