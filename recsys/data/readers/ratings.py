"""A file of ratings, in whatever form it is written, as a `RatingTable`. Training and histories are read by it."""

from functools import partial

from loguru import logger

from recsys.data.places import DataFile
from recsys.data.policies import Note
from recsys.data.rating_table import RatingTable
from recsys.data.readers.arrow_columns import read_columns
from recsys.data.readers.columns import MOVIE, RATING, RATING_NAMES, TIMESTAMP, USER
from recsys.data.readers.exact_csv import read_exactly
from recsys.data.readers.fast_csv import read_fast
from recsys.data.readers.layout import Layout, sniff
from recsys.data.readers.parquet import read_parquet
from recsys.data.readers.rating_columns import RatingColumns
from recsys.data.readers.records import line_numbers
from recsys.errors import DataError

HEADER = "userId,movieId,rating,timestamp"
_POSITIONS = (USER, MOVIE, RATING, TIMESTAMP)


def read_ratings_file(file: DataFile) -> RatingTable:
    """Return a file of ratings as columns, in the scale of the file.

    Raises
    ------
    DataError
        Whatever is wrong in it: columns that are not there, a wrong number of fields, something that is not a number.
    """
    if file.is_parquet:
        table = read_parquet(file, RATING_NAMES, (USER, MOVIE), HEADER)
        return _as_table(file, read_columns(table, file.place), None)
    layout = rating_layout(file)
    columns = read_fast(file, layout)
    if columns is None:
        logger.debug("{} is read line by line", file.place)
        columns = read_exactly(file, layout)
    return _as_table(file, columns, layout)


def rating_layout(file: DataFile) -> Layout:
    """Return how a text file of ratings is written.

    Raises
    ------
    DataError
        When it does not name a column of users and one of movies, once each.
    """
    layout = sniff(file, RATING_NAMES, default=_POSITIONS, expected=HEADER, needed=(USER, MOVIE))
    for meaning in (USER, MOVIE, RATING, TIMESTAMP):
        count = layout.columns.count(meaning)
        if count > 1 or (count == 0 and meaning in (USER, MOVIE)):
            problem = f"the header has to name the column {meaning} once, as in {HEADER!r}"
            raise DataError(problem, path=file.place, line=layout.n_before, value=layout.separator.join(layout.names))
    return layout


def _as_table(file: DataFile, columns: RatingColumns, layout: Layout | None) -> RatingTable:
    source = file.path.name
    notes: tuple[Note, ...] = ()
    if columns.time_unit and columns.timestamps is not None:
        notes = (Note(source, f"times from {columns.time_unit} to seconds", "converted", len(columns.timestamps)),)
    return RatingTable(
        place=file.place,
        user_ids=columns.user_ids,
        movie_ids=columns.movie_ids,
        ratings=columns.ratings,
        timestamps=columns.timestamps,
        line_of=_row_numbers if layout is None else partial(line_numbers, file, layout),
        unit="row" if layout is None else "line",
        notes=notes,
    )


def _row_numbers(rows: list[int]) -> list[int]:
    return [row + 1 for row in rows]
