"""Ratings of consecutive users as one block of arrays, the unit that a partition holds."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.indexing import find_ids, index_ids

BLOCK_SCHEMA = "user_ids binary, n_rated binary, item_indices binary, ratings binary, timestamps binary, told binary"
"""A block as a row, for Spark."""
_KINDS = (np.int64, np.int32, np.int32, np.float32, np.int64, np.int64)


class Block(NamedTuple):
    """The ratings of consecutive users.

    Attributes
    ----------
    user_ids
        int64, (n_users,), ascending.
    n_rated
        int32, (n_users,), how many ratings each has.
    item_indices, ratings, timestamps
        int32, float32 and int64, (n_ratings,), as in `recsys.data.dataset.Dataset`.
    told
        int64, (6,): how many ratings were of unknown movies, a user and a movie of those, how many were repeated, a
        user and a movie of those.
    """

    user_ids: NDArray[np.int64]
    n_rated: NDArray[np.int32]
    item_indices: NDArray[np.int32]
    ratings: NDArray[np.float32]
    timestamps: NDArray[np.int64]
    told: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Block":
        """Return the block of a partition without ratings."""
        return cls.from_row((b"",) * (len(_KINDS) - 1) + (np.zeros(6, np.int64).tobytes(),))

    @classmethod
    def from_row(cls, row: tuple[bytes, ...]) -> "Block":
        """Return the block of a row of `BLOCK_SCHEMA`."""
        parts: list[Any] = [np.frombuffer(part, kind) for part, kind in zip(row, _KINDS, strict=True)]
        return cls(*parts)

    @classmethod
    def of(cls, dataset: Dataset) -> "Block":
        """Return the ratings of a dataset as a block, its users without a rating included."""
        n_rated = np.bincount(dataset.user_indices, minlength=dataset.n_users).astype(np.int32)
        columns = (dataset.item_indices, dataset.ratings, dataset.timestamps)
        return cls(dataset.user_ids, n_rated, *columns, np.zeros(6, np.int64))

    def as_dataset(self, name: str, catalog: Catalog) -> Dataset:
        """Return the block as a dataset of its users, whose row numbers begin with 0 in every block."""
        user_indices = np.repeat(np.arange(len(self.user_ids), dtype=np.int32), self.n_rated)
        return Dataset(name, catalog, self.user_ids, user_indices, self.item_indices, self.ratings, self.timestamps)


class MovieRows:
    """The rows of movies by their ids, as the workers know the catalog.

    Parameters
    ----------
    movie_ids
        int64, (n_items,), ascending.
    """

    def __init__(self, movie_ids: NDArray[np.int64]) -> None:
        self.movie_ids = movie_ids

    @cached_property
    def catalog(self) -> Catalog:
        """Return a catalog that knows the ids and nothing else."""
        n_items = len(self.movie_ids)
        no_texts = ("",) * n_items
        return Catalog(
            self.movie_ids, no_texts, np.zeros(n_items, np.int32), np.zeros((n_items, 0), np.bool_), (), no_texts
        )

    def __reduce__(self) -> tuple[type["MovieRows"], tuple[NDArray[np.int64]]]:
        return MovieRows, (self.movie_ids,)


def build_block(batches: Iterator[pa.RecordBatch], rows: MovieRows) -> Iterator[pa.RecordBatch]:
    """Yield the only block of a partition as a row of `BLOCK_SCHEMA`; none where it has no ratings.

    Parameters
    ----------
    batches
        Columns user_id, movie_id, rating, timestamp, sorted by user, movie, time and line.
    rows
        The catalog; ratings of other movies are left out, and counted.
    """
    parts = list(batches)
    if not sum(part.num_rows for part in parts):
        return
    table = pa.Table.from_batches(parts)
    users, movies, ratings, times = (table.column(name).to_numpy() for name in table.column_names[:4])
    items = find_ids(rows.movie_ids, movies)
    unknown = items < 0
    told = np.zeros(6, np.int64)
    _tell(told[:3], unknown, users, movies)
    known = np.flatnonzero(~unknown)
    repeated = np.zeros(len(known), np.bool_)
    repeated[:-1] = (users[known[:-1]] == users[known[1:]]) & (items[known[:-1]] == items[known[1:]])
    _tell(told[3:], repeated, users[known], movies[known])
    kept = known[~repeated]
    user_ids, places = index_ids(users[kept])
    n_rated = np.bincount(places, minlength=len(user_ids)).astype(np.int32)
    block = Block(user_ids, n_rated, items[kept], ratings[kept].astype(np.float32), times[kept].astype(np.int64), told)
    columns = {name: pa.array([getattr(block, name).tobytes()], pa.binary()) for name in Block._fields}
    yield pa.RecordBatch.from_pydict(columns)


def _tell(
    told: NDArray[np.int64], which: NDArray[np.bool_], users: NDArray[np.int64], movies: NDArray[np.int64]
) -> None:
    if which.any():
        first = int(np.argmax(which))
        told[:] = np.count_nonzero(which), users[first], movies[first]
