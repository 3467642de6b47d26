"""Ratings on their way into another environment, and lists on their way back. NumPy and SciPy only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

N_LISTED = 10


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings as columns, with the catalog for methods that look at content.

    Attributes
    ----------
    user_indices, item_indices, ratings, timestamps
        (n_ratings,), sorted by user, then by item.
    n_users
        Number of users, those without a rating included.
    movie_ids, titles, years, genres
        (n_items,) and (n_items, n_genres), the catalog.
    """

    user_indices: NDArray[np.int32]
    item_indices: NDArray[np.int32]
    ratings: NDArray[np.float32]
    timestamps: NDArray[np.int64]
    n_users: int
    movie_ids: NDArray[np.int64]
    titles: NDArray[np.str_]
    years: NDArray[np.int32]
    genres: NDArray[np.bool_]

    @property
    def n_items(self) -> int:
        """Return the number of movies."""
        return len(self.movie_ids)

    def matrix(self, *, binary: bool) -> "sp.csr_matrix[Any]":
        """Return stars, or ones, as CSR float32, (n_users, n_items): a matrix, for libraries that want no array."""
        values = np.ones_like(self.ratings) if binary else self.ratings
        return sp.csr_matrix((values, (self.user_indices, self.item_indices)), shape=(self.n_users, self.n_items))

    def save(self, path: Path) -> None:
        """Write all columns to an npz file."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> "Ratings":
        """Read what `save` has written."""
        with np.load(path, allow_pickle=False) as columns:
            arrays = {name: columns[name] for name in columns.files}
        return cls(**(arrays | {"n_users": int(arrays["n_users"])}))


def padded(lists: list[list[int]]) -> NDArray[np.int64]:
    """Return lists as an array, int64, (n_users, 10), with -1 after the end of short ones."""
    result = np.full((len(lists), N_LISTED), -1, dtype=np.int64)
    for row, found in zip(result, lists, strict=True):
        row[: len(found)] = found[:N_LISTED]
    return result
