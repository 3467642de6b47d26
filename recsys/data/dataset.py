"""Ratings and movies in memory: what every reader returns and every method is fitted on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, MIN_STARS, Catalog
from recsys.data.indexing import find_ids, index_ids, is_sorted_strictly, pair_order
from recsys.data.policies import Note, Policies
from recsys.errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Ratings of users for the movies of a catalog.

    Users are rows, always. A part of a dataset (`part`) keeps all its users and movies, so that rows and columns mean
    the same before and after a split.

    Attributes
    ----------
    name
        For people and for the tracking server: ``"ml-100k"``, ``"ml-25m"``, ``"sample"``.
    catalog
        The movies; also those that nobody has rated.
    user_ids
        int64, (n_users,), strictly ascending.
    user_indices, item_indices
        int32, (n_ratings,), rows of ``user_ids`` and of ``catalog``, sorted by user, then by item; no pair twice.
    ratings
        float32, (n_ratings,), stars 0.5-5.
    timestamps
        int64, (n_ratings,), seconds since 1970 UTC; all 0 where the source has no times.
    notes
        What its readers kept, dropped and converted, for the record; it is no part of the digest.
    user_labels, movie_labels
        (n_users,) and (n_items,), the ids of the source where these are texts; else empty.
    """

    name: str
    catalog: Catalog
    user_ids: NDArray[np.int64]
    user_indices: NDArray[np.int32]
    item_indices: NDArray[np.int32]
    ratings: NDArray[np.float32]
    timestamps: NDArray[np.int64]
    notes: tuple[Note, ...] = ()
    user_labels: tuple[str, ...] = ()
    movie_labels: tuple[str, ...] = ()

    @classmethod
    def from_ratings(
        cls,
        name: str,
        catalog: Catalog,
        *,
        user_ids: NDArray[np.int64],
        movie_ids: NDArray[np.int64],
        ratings: NDArray[np.float32],
        timestamps: NDArray[np.int64],
    ) -> "Dataset":
        """Return a dataset from four columns of equal length, (n_ratings,), in any order.

        Raises
        ------
        DataError
            No rating, a movie that is not in the catalog, a rating off the scale, or a (user, movie) pair twice.
        """
        if len(ratings) == 0:
            raise DataError(f"dataset {name} holds no rating")
        item_indices = find_ids(catalog.movie_ids, movie_ids)
        if np.any(item_indices < 0):
            unknown = int(movie_ids[np.argmin(item_indices)])
            raise DataError(f"movie {unknown} is rated but not in the catalog of {name}")
        if not np.all((ratings >= MIN_STARS) & (ratings <= MAX_STARS)):
            raise DataError(f"a rating of {name} is off the scale of {MIN_STARS} to {MAX_STARS} stars")
        users, user_indices = index_ids(user_ids)
        return cls.from_indices(
            name,
            catalog,
            user_ids=users,
            user_indices=user_indices,
            item_indices=item_indices,
            ratings=ratings.astype(np.float32, copy=False),
            timestamps=timestamps.astype(np.int64, copy=False),
        )

    @classmethod
    def from_indices(
        cls,
        name: str,
        catalog: Catalog,
        *,
        user_ids: NDArray[np.int64],
        user_indices: NDArray[np.int32],
        item_indices: NDArray[np.int32],
        ratings: NDArray[np.float32],
        timestamps: NDArray[np.int64],
    ) -> "Dataset":
        """Return a dataset from columns whose ids are row numbers already, in any order, with ratings on the scale.

        Raises
        ------
        DataError
            A (user, movie) pair twice.
        """
        columns = (user_indices, item_indices, ratings, timestamps)
        if not is_sorted_strictly(user_indices, item_indices):
            order, repeats = pair_order(user_indices, item_indices, catalog.n_items)
            if repeats.any():
                raise DataError(f"a user of {name} rates the same movie twice")
            columns = (user_indices[order], item_indices[order], ratings[order], timestamps[order])
        return cls(name, catalog, user_ids, *columns)

    @classmethod
    def from_frame(
        cls,
        ratings: Any,
        movies: Any | None = None,
        *,
        name: str = "frame",
        duplicates: str = "",
        unknown_movies: str = "",
        scale: str = "",
    ) -> "Dataset":
        """Return the dataset of data frames of pandas, polars or Arrow.

        Parameters
        ----------
        ratings
            Columns of users, movies and ratings, and perhaps of times, called as docs/data.md lists; titles and genres
            among them are taken when there are no ``movies``. Ids that are texts are numbered, and kept as
            ``user_labels`` and ``movie_labels``.
        movies
            Columns of movies and titles, and perhaps of genres and years.
        duplicates, unknown_movies, scale
            What to do with ratings that cannot be taken as they are, as in `recsys.read_ratings`.

        Raises
        ------
        DataError
            About the first row that is wrong, with the number of those that are wrong for the same reason.
        """
        from recsys.data.frame_reader import dataset_from_frame  # noqa: PLC0415 - it imports this module

        policies = Policies.parse(duplicates=duplicates, unknown_movies=unknown_movies, scale=scale)
        return dataset_from_frame(ratings, movies, name, policies)

    @property
    def has_times(self) -> bool:
        """Return whether the source says when anything was rated."""
        return bool(self.timestamps.any())

    @property
    def n_users(self) -> int:
        """Return the number of users, those without a rating in this part included."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Return the number of movies, those without a rating included."""
        return self.catalog.n_items

    @property
    def n_ratings(self) -> int:
        """Return the number of ratings."""
        return len(self.ratings)

    @cached_property
    def user_items(self) -> sp.csr_array:
        """Return the ratings as CSR float32, (n_users, n_items), stars 0.5-5, indices sorted; no copy of them."""
        ends = np.cumsum(np.bincount(self.user_indices, minlength=self.n_users))
        # SciPy would copy the indices where the two arrays differ in kind.
        kind = np.int32 if self.n_ratings <= np.iinfo(np.int32).max else np.int64
        starts = np.concatenate(([0], ends)).astype(kind)
        return sp.csr_array((self.ratings, self.item_indices, starts), shape=(self.n_users, self.n_items))

    @cached_property
    def popularity(self) -> NDArray[np.int64]:
        """Return the number of ratings of each movie, int64, (n_items,)."""
        return np.bincount(self.item_indices, minlength=self.n_items)

    @property
    def time_range(self) -> tuple[int, int]:
        """Return the first and the last timestamp, seconds since 1970; 0 where there is no rating."""
        return (int(self.timestamps.min()), int(self.timestamps.max())) if self.n_ratings else (0, 0)

    @cached_property
    def digest(self) -> str:
        """Return 32 hexadecimal digits that change with any rating, time, title, year or genre, not with row order."""
        columns = (self.user_ids, self.user_indices, self.item_indices, self.ratings, self.timestamps)
        return digest_of(self.catalog, ((column,) for column in columns))

    def of_users(self, start: int, stop: int) -> "Dataset":
        """Return the ratings of consecutive users, views, whose row numbers then begin with 0."""
        first, last = np.searchsorted(self.user_indices, (start, stop))
        return replace(
            self,
            user_ids=self.user_ids[start:stop],
            user_indices=self.user_indices[first:last] - np.int32(start),
            item_indices=self.item_indices[first:last],
            ratings=self.ratings[first:last],
            timestamps=self.timestamps[first:last],
            user_labels=self.user_labels[start:stop],
        )

    def part(self, chosen: NDArray[np.bool_]) -> "Dataset":
        """Return the chosen ratings, bool, (n_ratings,), over the same users and movies. It may be empty."""
        return replace(
            self,
            user_indices=self.user_indices[chosen],
            item_indices=self.item_indices[chosen],
            ratings=self.ratings[chosen],
            timestamps=self.timestamps[chosen],
        )


def digest_of(catalog: Catalog, columns: Iterable[Iterable[NDArray[np.generic]]]) -> str:
    """Return the digest of ratings, whose columns may come in parts.

    Parameters
    ----------
    catalog
        Their movies.
    columns
        int64 ``user_ids``, int32 ``user_indices`` and ``item_indices``, float32 ratings, int64 timestamps, in the order
        of a `Dataset`.
    """
    sha = hashlib.sha256()
    for parts in ((catalog.movie_ids, catalog.years, catalog.genres), *columns):
        _add(sha, parts)
    sha.update("\n".join((*catalog.titles, *catalog.genre_names)).encode())
    return sha.hexdigest()[:32]


def _add(sha: "hashlib._Hash", parts: Iterable[NDArray[np.generic]]) -> None:
    for part in parts:
        sha.update(np.ascontiguousarray(part).data)
