"""A file of ratings as columns: read fast, checked as a whole, looked at line by line only when something is wrong."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, Catalog
from recsys.data.dataset import Dataset
from recsys.data.records import REMEDY, first_line, line_numbers, opened, read_records
from recsys.errors import DataError

USER, MOVIE, RATING, TIMESTAMP = "user_id", "movie_id", "rating", "timestamp"

_Columns = Mapping[str, NDArray[np.generic]]
_CHUNK = 1 << 24


@dataclass(frozen=True)
class RatingLayout:
    r"""How a file of ratings is written.

    Attributes
    ----------
    separator
        ``"\t"``, ``"::"`` or ``","``.
    columns
        What the fields of a line mean, from left to right. Those named ``user_id``, ``movie_id``, ``rating`` and
        ``timestamp`` are read, others are not.
    step
        The smallest rating and the distance between two: 1 where stars are whole, 0.5 where there are half ones.
    header
        The first line, field by field, where there is one.
    """

    separator: str
    columns: tuple[str, ...]
    step: float
    header: tuple[str, ...] | None = None

    @property
    def scale(self) -> str:
        """Return the ratings that there are, for people."""
        return f"{self.step:g} to {MAX_STARS:g} stars in steps of {self.step:g}"


@dataclass(frozen=True, eq=False)
class RatingTable:
    """The lines of a file of ratings, in their order; ratings on the scale, no (user, movie) pair twice.

    Attributes
    ----------
    path, layout
        The file, and how it is written.
    user_ids, movie_ids
        int64, (n_ratings,), ids of the source.
    ratings
        float32, (n_ratings,), stars; None where the file has no such column.
    timestamps
        int64, (n_ratings,), seconds since 1970 UTC; None where the file has no such column.
    """

    path: Path
    layout: RatingLayout
    user_ids: NDArray[np.int64]
    movie_ids: NDArray[np.int64]
    ratings: NDArray[np.float32] | None
    timestamps: NDArray[np.int64] | None

    def to_dataset(self, name: str, catalog: Catalog) -> Dataset:
        """Return the ratings as a dataset over the movies of a catalogue.

        Raises
        ------
        DataError
            A movie that is not in the catalogue.
        """
        unknown = np.flatnonzero(catalog.find(self.movie_ids) < 0)
        if len(unknown):
            value = str(self.movie_ids[unknown[0]])
            problem = "the movie id is not in the file of movies; add the movie there, or remove its ratings here"
            raise self._error_at(int(unknown[0]), problem, value)
        assert self.ratings is not None  # noqa: S101 - the layouts of datasets have all four columns
        assert self.timestamps is not None  # noqa: S101
        return Dataset.from_ratings(
            name,
            catalog,
            user_ids=self.user_ids,
            movie_ids=self.movie_ids,
            ratings=self.ratings,
            timestamps=self.timestamps,
        )

    def check(self) -> None:
        """Raise a `DataError` for a file without ratings, a rating off the scale, or a (user, movie) pair twice."""
        if len(self.user_ids) == 0:
            raise DataError("the file holds no rating; extract it again from the original archive", path=self.path)
        if self.ratings is not None:
            steps = self.ratings / np.float32(self.layout.step)
            off = np.flatnonzero((steps < 1) | (self.ratings > MAX_STARS) | (steps != np.rint(steps)))
            if len(off):
                problem = f"the rating is off the scale of {self.layout.scale}; {REMEDY}"
                raise self._error_at(int(off[0]), problem, f"{self.ratings[off[0]]:g}")
        pair = _repeated_pair(self.user_ids, self.movie_ids)
        if pair is not None:
            first, second = line_numbers(self.path, pair, has_header=self.layout.header is not None)
            problem = f"user {self.user_ids[pair[0]]} has rated movie {self.movie_ids[pair[0]]} already in line {first}"
            raise DataError(f"{problem}; remove one of the two lines", path=self.path, line=second)

    def _error_at(self, row: int, problem: str, value: str) -> DataError:
        line = line_numbers(self.path, [row], has_header=self.layout.header is not None)[0]
        return DataError(problem, path=self.path, line=line, value=value)


def read_rating_table(path: Path, layout: RatingLayout) -> RatingTable:
    """Return a file of ratings as columns, all of them checked.

    Raises
    ------
    DataError
        A file that is missing or empty, another header, a wrong number of fields, something that is not a number, a
        rating off the scale, a (user, movie) pair twice.
    """
    columns = _read_fast(path, layout)
    if columns is None:
        columns = _read_exactly(path, layout)
    table = RatingTable(
        path=path,
        layout=layout,
        user_ids=columns[USER].astype(np.int64, copy=False),
        movie_ids=columns[MOVIE].astype(np.int64, copy=False),
        ratings=columns[RATING].astype(np.float32, copy=False) if RATING in columns else None,
        timestamps=columns[TIMESTAMP].astype(np.int64, copy=False) if TIMESTAMP in columns else None,
    )
    table.check()
    return table


def _read_fast(path: Path, layout: RatingLayout) -> _Columns | None:
    """Return the columns, or None when the file is not entirely as its layout says, for whatever reason."""
    if layout.header is not None and first_line(path, "latin-1").rstrip() != ",".join(layout.header):
        return None
    try:
        frame = _parse(path, layout)
    except (ValueError, OverflowError, Warning):  # ValueError: also pandas' errors of parsing and of decoding
        return None
    if RATING in frame and not np.isfinite(frame[RATING]).all():
        return None
    n_lines = len(frame) + (layout.header is not None)
    if _count(path, layout.separator) != n_lines * (len(layout.columns) - 1):
        return None  # pandas overlooks a separator at the end of a line
    return {name: frame[name].to_numpy() for name in _read_columns(layout)}


def _parse(path: Path, layout: RatingLayout) -> pd.DataFrame:
    types = {name: np.dtype(np.float32 if name == RATING else np.int64) for name in _read_columns(layout)}
    with warnings.catch_warnings(), opened(path) as file:
        warnings.simplefilter("error", pd.errors.ParserWarning)
        # pandas has no fast way for separators of two characters
        source = io.BytesIO(file.read().replace(b"::", b"\t")) if layout.separator == "::" else file
        return pd.read_csv(
            source,
            sep="\t" if layout.separator == "::" else layout.separator,
            names=list(layout.columns),
            skiprows=1 if layout.header is not None else 0,
            header=None,
            index_col=False,
            dtype={name: types.get(name, np.dtype(object)) for name in layout.columns},
        )


def _count(path: Path, separator: str) -> int:
    sought = separator.encode()
    if len(sought) > 1:  # a chunk may end within it; such files are small
        return path.read_bytes().count(sought)
    with opened(path) as file:
        return sum(chunk.count(sought) for chunk in iter(lambda: file.read(_CHUNK), b""))


def _read_exactly(path: Path, layout: RatingLayout) -> _Columns:
    """Return the columns as `_read_fast` does, or raise the `DataError` of the first line that is wrong."""
    records = read_records(
        path,
        n_fields=len(layout.columns),
        separator=layout.separator,
        encoding="utf-8",
        header=layout.header,
    )
    places = {name: layout.columns.index(name) for name in _read_columns(layout)}
    values: dict[str, list[float]] = {name: [] for name in places}
    for record in records:
        for name, place in places.items():
            read = record.number if name == RATING else record.integer
            values[name].append(read(place, name.replace("_", " ")))
    return {name: np.array(column, np.float32 if name == RATING else np.int64) for name, column in values.items()}


def _read_columns(layout: RatingLayout) -> list[str]:
    return [name for name in (USER, MOVIE, RATING, TIMESTAMP) if name in layout.columns]


def _repeated_pair(user_ids: NDArray[np.int64], movie_ids: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the rows of the first pair that comes twice, or None."""
    users, movies = np.diff(user_ids), np.diff(movie_ids)
    if np.all((users > 0) | ((users == 0) & (movies > 0))):
        return None  # sorted, as the large datasets are: no need to sort 25 million rows
    order = np.lexsort((movie_ids, user_ids))
    same = (np.diff(user_ids[order]) == 0) & (np.diff(movie_ids[order]) == 0)
    if not same.any():
        return None
    # lexsort is stable, so the earlier row of a pair comes first; report the pair that is complete first
    second = order[1:][same].min()
    first = order[:-1][same][order[1:][same].argmin()]
    return int(first), int(second)
