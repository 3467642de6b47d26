"""MovieLens 100K: ``u.data`` (tabs) and ``u.item`` (24 fields between ``|``, Latin-1)."""

import re
from collections.abc import Iterator
from pathlib import Path

from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog
from recsys.data.rating_table import MOVIE, RATING, TIMESTAMP, USER, RatingLayout, read_rating_table
from recsys.data.records import Record, read_records

FILES = ("u.data", "u.item")
RATINGS = RatingLayout(separator="\t", columns=(USER, MOVIE, RATING, TIMESTAMP), step=1.0)
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""The flags at the end of a line of ``u.item``, in their order, where no ``u.genre`` says otherwise."""

_N_FIELDS_BEFORE_GENRES = 5
_RELEASE_DATE = re.compile(r"\d{1,2}-[A-Za-z]{3}-(\d{4})")


def read(folder: Path) -> Dataset:
    """Return the dataset in a folder in the format of MovieLens 100K, or raise a `DataError`."""
    path = folder / "u.item"
    genres = _read_genres(folder / "u.genre")
    catalog = build_catalog(path, _read_movies(path, genres), genres)
    return read_rating_table(folder / "u.data", RATINGS).to_dataset("ml-100k", catalog)


def _read_genres(path: Path) -> tuple[str, ...]:
    """Return the names in the order of their numbers."""
    if not path.exists():
        return GENRES
    records = list(read_records(path, n_fields=2, separator="|", encoding="latin-1"))
    for place, record in enumerate(records):
        if record.integer(1, "genre number") != place or place >= len(GENRES):
            raise record.error(f"expected the {len(GENRES)} genres numbered from 0 on", record.fields[1])
    if len(records) != len(GENRES):
        raise Record(path, len(records), ()).error(f"expected {len(GENRES)} genres", str(len(records)))
    return tuple(record.fields[0] for record in records)


def _read_movies(path: Path, genres: tuple[str, ...]) -> Iterator[MovieRow]:
    n_fields = _N_FIELDS_BEFORE_GENRES + len(genres)
    for record in read_records(path, n_fields=n_fields, separator="|", encoding="latin-1"):
        _, title, released, _, url, *flags = record.fields
        for flag in flags:
            if flag.strip() not in {"0", "1"}:
                raise record.error("a genre flag is neither 0 nor 1", flag)
        date = _RELEASE_DATE.fullmatch(released.strip())
        yield MovieRow(
            line=record.line,
            movie_id=record.integer(0, "movie id"),
            title=title,
            genres=[name for name, flag in zip(genres, flags, strict=True) if flag.strip() == "1"],
            year=int(date[1]) if date else 0,
            imdb_url=url.strip(),
        )
