"""MovieLens 1M: ``ratings.dat`` and ``movies.dat``, fields between ``::``, Latin-1."""

from collections.abc import Iterator
from pathlib import Path

from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog, split_genres
from recsys.data.rating_table import MOVIE, RATING, TIMESTAMP, USER, RatingLayout, read_rating_table
from recsys.data.records import read_records

FILES = ("ratings.dat", "movies.dat")
RATINGS = RatingLayout(separator="::", columns=(USER, MOVIE, RATING, TIMESTAMP), step=1.0)


def read(folder: Path) -> Dataset:
    """Return the dataset in a folder in the format of MovieLens 1M, or raise a `DataError`."""
    path = folder / "movies.dat"
    catalog = build_catalog(path, _read_movies(path))
    return read_rating_table(folder / "ratings.dat", RATINGS).to_dataset("ml-1m", catalog)


def _read_movies(path: Path) -> Iterator[MovieRow]:
    for record in read_records(path, n_fields=3, separator="::", encoding="latin-1"):
        _, title, genres = record.fields
        yield MovieRow(record.line, record.integer(0, "movie id"), title, split_genres(genres))
