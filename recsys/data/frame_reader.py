"""Data frames as a dataset: pandas, polars or Arrow; ids may be texts, times, titles and genres may be missing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog
from recsys.data.policies import Policies
from recsys.data.rating_table import RatingTable
from recsys.data.readers.arrow_columns import read_columns
from recsys.data.readers.columns import (
    GENRES,
    IMDB_URL,
    MOVIE,
    MOVIE_NAMES,
    RATING,
    RATING_NAMES,
    TITLE,
    USER,
    YEAR,
    meanings,
)
from recsys.data.readers.genres import genres_of_column
from recsys.data.readers.movies import as_text, first_year
from recsys.errors import DataError

RATINGS_FRAME, MOVIES_FRAME = "the frame of ratings", "the frame of movies"


def dataset_from_frame(ratings: Any, movies: Any | None, name: str, policies: Policies) -> Dataset:
    """Return the dataset of a frame of ratings and, if given, one of movies; see `Dataset.from_frame`."""
    table = _named(ratings, RATING_NAMES, (USER, MOVIE, RATING), RATINGS_FRAME)
    titled = _titles(ratings, movies)
    table, user_labels = _numbered(table, USER, [table[USER]])
    movie_columns = [table[MOVIE]] if titled is None else [table[MOVIE], titled[MOVIE]]
    table, movie_labels = _numbered(table, MOVIE, movie_columns)
    columns = read_columns(table, RATINGS_FRAME)
    rating_table = RatingTable(
        place=RATINGS_FRAME,
        user_ids=columns.user_ids,
        movie_ids=columns.movie_ids,
        ratings=columns.ratings,
        timestamps=columns.timestamps,
        line_of=lambda rows: [row + 1 for row in rows],
        unit="row",
    ).on_scale(policies)
    catalog = _catalog(titled, movie_labels, rating_table)
    dataset = rating_table.to_dataset(name, catalog, policies)
    return replace(
        dataset,
        user_labels=tuple(user_labels[number - 1] for number in dataset.user_ids.tolist()) if user_labels else (),
        movie_labels=tuple(movie_labels[number - 1] for number in catalog.movie_ids.tolist()) if movie_labels else (),
    )


def _named(frame: Any, known: Any, needed: Sequence[str], place: str) -> pa.Table:
    """Return the columns of a frame that mean something, called by their meanings."""
    table = _as_arrow(frame)
    found = meanings(table.column_names, known)
    for meaning in needed:
        if found.count(meaning) != 1:
            problem = f"the columns have to name {meaning} once"
            raise DataError(problem, path=place, value=", ".join(table.column_names))
    wanted = [place for place, meaning in enumerate(found) if meaning]
    return table.select(wanted).rename_columns([found[place] for place in wanted])


def _as_arrow(frame: Any) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pd.DataFrame):
        plain = frame.reset_index() if any(level is not None for level in frame.index.names) else frame
        try:
            return pa.Table.from_pandas(_without_zones(plain.rename(columns=str)), preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"a column of the frame holds values of several kinds: {reason}") from error
    if hasattr(frame, "to_arrow"):  # polars
        table: pa.Table = frame.to_arrow()
        return table
    raise DataError(f"a {type(frame).__name__} is not a data frame; give one of pandas, polars or Arrow")


def _without_zones(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with times in UTC instead of in a zone, whose conversion pandas warns of."""
    zoned = [name for name, kind in frame.dtypes.items() if isinstance(kind, pd.DatetimeTZDtype)]
    return frame.assign(**{str(name): frame[name].dt.tz_convert(None) for name in zoned}) if zoned else frame


def _titles(ratings: Any, movies: Any | None) -> pa.Table | None:
    """Return the table of movies: the one given, or that among the ratings, where those have titles."""
    if movies is not None:
        return _named(movies, MOVIE_NAMES, (MOVIE, TITLE), MOVIES_FRAME)
    table = _as_arrow(ratings)
    found = meanings(table.column_names, MOVIE_NAMES)
    if found.count(TITLE) != 1 or found.count(MOVIE) != 1:
        return None
    frame = _named(table, MOVIE_NAMES, (MOVIE, TITLE), RATINGS_FRAME).to_pandas()
    return pa.Table.from_pandas(frame.drop_duplicates(MOVIE), preserve_index=False)


def _is_text(column: pa.ChunkedArray) -> bool:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    return [None if value is None else str(value) for value in column.to_pylist()]


def _numbered(table: pa.Table, meaning: str, columns: Sequence[pa.ChunkedArray]) -> tuple[pa.Table, list[str]]:
    """Return the table with texts of a column of ids as numbers from 1, in the order of the texts, and those texts.

    The numbers cover all the columns given, which hold the same ids. Where none of them is of texts, ids stay.
    """
    if not any(map(_is_text, columns)):
        return table, []
    labels = sorted({text for column in columns for text in _texts(column) if text is not None})
    return table.set_column(table.column_names.index(meaning), meaning, _codes(table[meaning], labels)), labels


def _codes(column: pa.ChunkedArray, labels: Sequence[str]) -> pa.Array:
    number_of = {label: number for number, label in enumerate(labels, start=1)}
    return pa.array([None if text is None else number_of[text] for text in _texts(column)], pa.int64())


def _catalog(titled: pa.Table | None, labels: Sequence[str], ratings: RatingTable) -> Catalog:
    if titled is None:
        numbers = np.unique(ratings.movie_ids).tolist()
        titles = (labels[number - 1] if labels else f"Movie {number}" for number in numbers)
        return build_catalog(
            RATINGS_FRAME, [MovieRow(0, n, title, []) for n, title in zip(numbers, titles, strict=True)]
        )
    column = _codes(titled[MOVIE], labels) if labels else titled[MOVIE]
    ids = read_columns(pa.table({USER: column, MOVIE: column}), MOVIES_FRAME).movie_ids.tolist()
    texts = {
        name: [as_text(value) for value in titled[name].to_pylist()] for name in titled.column_names if name != MOVIE
    }
    empty = [""] * len(ids)
    rows = zip(
        ids,
        texts[TITLE],
        genres_of_column(texts.get(GENRES, empty)),
        map(first_year, texts.get(YEAR, empty)),
        texts.get(IMDB_URL, empty),
        strict=True,
    )
    return build_catalog(MOVIES_FRAME, [MovieRow(line, *row) for line, row in enumerate(rows, start=1)])
