"""From the lines of a file of movies to a catalog."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from recsys.catalog import NO_GENRE, Catalog
from recsys.data.titles import year_of
from recsys.errors import DataError


@dataclass(frozen=True)
class MovieRow:
    """One movie as its file gives it.

    Attributes
    ----------
    line
        Where it stands.
    movie_id, title
        As the source has them.
    genres
        Names, placeholders for "no genre" included.
    year
        Of the release, for a title that does not hold one; 0 when unknown.
    imdb_url
        Empty where there is none.
    """

    line: int
    movie_id: int
    title: str
    genres: Sequence[str]
    year: int = 0
    imdb_url: str = ""

    def with_url(self, url: str) -> "MovieRow":
        """Return the same movie with another address at IMDb."""
        return replace(self, imdb_url=url)


def build_catalog(path: Path | str, rows: Iterable[MovieRow], genre_names: Sequence[str] | None = None) -> Catalog:
    """Return the catalog of the movies of a file.

    ``genre_names`` gives the genre columns and their order; without, they are those that occur, by name. Placeholders
    such as "unknown" get no column: their movies stay, without a genre.

    Raises
    ------
    DataError
        A file without movies, or a movie id twice.
    """
    movies = sorted(rows, key=lambda row: (row.movie_id, row.line))
    _check(path, movies)
    occurring = sorted({genre for movie in movies for genre in movie.genres}) if genre_names is None else genre_names
    names = tuple(genre for genre in occurring if genre not in NO_GENRE)
    column_of = {genre: column for column, genre in enumerate(names)}
    genres = np.zeros((len(movies), len(names)), np.bool_)
    for item_index, movie in enumerate(movies):
        genres[item_index, [column_of[genre] for genre in movie.genres if genre in column_of]] = True
    return Catalog(
        movie_ids=np.array([movie.movie_id for movie in movies], np.int64),
        titles=tuple(movie.title for movie in movies),
        years=np.array([year_of(movie.title) or movie.year for movie in movies], np.int32),
        genres=genres,
        genre_names=names,
        imdb_urls=tuple(movie.imdb_url for movie in movies),
    )


def _check(path: Path | str, movies: Sequence[MovieRow]) -> None:
    if not movies:
        raise DataError("the file holds no movie; extract it again from the original archive", path=path)
    repeated = [pair for pair in pairwise(movies) if pair[0].movie_id == pair[1].movie_id]
    if repeated:
        earlier, later = min(repeated, key=lambda pair: pair[1].line)
        problem = f"the movie id stands already in line {earlier.line}; remove one of the two lines"
        raise DataError(problem, path=path, line=later.line, value=str(later.movie_id), more=len(repeated) - 1)
