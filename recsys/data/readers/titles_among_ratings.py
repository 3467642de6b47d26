"""Titles and genres that stand in the file of ratings itself, one table for all."""

from recsys.data.movie_table import MovieRow
from recsys.data.places import DataFile
from recsys.data.readers.columns import GENRES, MOVIE, MOVIE_NAMES, TITLE
from recsys.data.readers.genres import genres_of_column
from recsys.data.readers.layout import sniff
from recsys.data.readers.movies import HEADER, as_text
from recsys.data.readers.parquet import read_parquet
from recsys.data.readers.records import Complaints, records
from recsys.data.readers.values import BadValueError, parse_id


def read_titles_among_ratings(file: DataFile) -> list[MovieRow]:
    """Return the movies of a table of ratings, each with the title and the genres of its first rating."""
    first = _first_of_parquet(file) if file.is_parquet else _first_of_text(file)
    genres = genres_of_column([row[2] for row in first.values()])
    return [
        MovieRow(line, movie_id, title, names)
        for (movie_id, (line, title, _)), names in zip(first.items(), genres, strict=True)
    ]


def _first_of_text(file: DataFile) -> dict[int, tuple[int, str, str]]:
    layout = sniff(file, MOVIE_NAMES)
    movie, title, genres = (layout.place_of(meaning) for meaning in (MOVIE, TITLE, GENRES))
    first: dict[int, tuple[int, str, str]] = {}
    seen: set[str] = set()
    for line, fields in records(file, layout, Complaints(file.place)):
        number = fields[movie or 0]
        if number not in seen:
            seen.add(number)
            try:
                movie_id = parse_id(number, "movie id")
            except BadValueError:
                continue  # the reader of ratings has refused the file already
            first.setdefault(movie_id, (line, fields[title or 0], fields[genres] if genres is not None else ""))
    return first


def _first_of_parquet(file: DataFile) -> dict[int, tuple[int, str, str]]:
    table = read_parquet(file, MOVIE_NAMES, (MOVIE, TITLE), HEADER)
    frame = table.to_pandas().drop_duplicates(MOVIE)
    columns = [frame[name].map(as_text) if name in frame else [""] * len(frame) for name in (MOVIE, TITLE, GENRES)]
    return {
        parse_id(number, "movie id"): (row, title, genres)
        for row, (number, title, genres) in enumerate(zip(*columns, strict=True), start=1)
    }
