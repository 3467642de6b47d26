"""The movies of a dataset, one row each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError, UnknownMovieError

MIN_STARS, MAX_STARS = 0.5, 5.0
"""The rating scale over all MovieLens datasets."""

NO_GENRE = frozenset({"unknown", "(no genres listed)"})
"""Placeholders that MovieLens writes where a movie has no genre."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """The movies of a dataset, one row each, in ascending order of their ids.

    Attributes
    ----------
    movie_ids
        int64, (n_items,), strictly ascending. The ids of the source; ``item_indices`` are the row numbers.
    titles
        (n_items,), as the source spells them: ``"Matrix, The (1999)"``.
    years
        int32, (n_items,), year of release; 0 where the source gives none.
    genres
        bool, (n_items, n_genres); a row without any is a movie whose genres are unknown.
    genre_names
        (n_genres,), the names of the columns of ``genres``.
    imdb_urls
        (n_items,), empty where the source gives none.
    """

    movie_ids: NDArray[np.int64]
    titles: tuple[str, ...]
    years: NDArray[np.int32]
    genres: NDArray[np.bool_]
    genre_names: tuple[str, ...]
    imdb_urls: tuple[str, ...]

    def __post_init__(self) -> None:
        n_items = len(self.movie_ids)
        if n_items == 0:
            raise DataError("a catalog needs at least one movie")
        lengths = {len(self.titles), len(self.years), len(self.genres), len(self.imdb_urls)}
        if lengths != {n_items}:
            raise DataError(f"the columns of the catalog differ in length: {sorted(lengths | {n_items})}")
        if self.genres.shape[1] != len(self.genre_names):
            raise DataError(f"{self.genres.shape[1]} genre columns, but {len(self.genre_names)} names")
        if np.any(np.diff(self.movie_ids) <= 0):
            raise DataError("movie ids must be unique and ascending; sort the rows by id")

    @property
    def n_items(self) -> int:
        """Return the number of movies."""
        return len(self.movie_ids)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Return the row of each movie id, for looking up a few."""
        return {movie_id: row for row, movie_id in enumerate(self.movie_ids.tolist())}

    @cached_property
    def genre_columns(self) -> dict[str, NDArray[np.bool_]]:
        """Return which movies have a genre, bool, (n_items,), contiguous, by the genre's name in lower case."""
        return {
            name.casefold(): np.ascontiguousarray(self.genres[:, column])
            for column, name in enumerate(self.genre_names)
        }

    def genres_of(self, item_index: int) -> tuple[str, ...]:
        """Return the names of one movie's genres, empty when they are unknown."""
        return tuple(self.genre_names[column] for column in np.flatnonzero(self.genres[item_index]))

    def index_of(self, movie_id: int) -> int:
        """Return the row of a movie.

        Raises
        ------
        UnknownMovieError
            When no movie has this id.
        """
        try:
            return self.row_of[movie_id]
        except KeyError:
            raise UnknownMovieError(movie_id) from None

    def find(self, movie_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of movies, int64 of the same shape, -1 where an id is not in the catalog."""
        item_indices = np.minimum(self.movie_ids.searchsorted(movie_ids), self.n_items - 1)
        return np.where(self.movie_ids[item_indices] == movie_ids, item_indices, -1)
