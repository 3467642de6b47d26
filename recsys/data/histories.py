"""Files of users' histories, as batch recommendation takes them."""

from pathlib import Path

from recsys.data import csv_family, ml1m, ml100k
from recsys.data.rating_table import MOVIE, RATING, TIMESTAMP, USER, RatingLayout, RatingTable, read_rating_table
from recsys.data.records import first_line
from recsys.errors import DataError

_MEANINGS = {
    **{"userid": USER, "movieid": MOVIE, "itemid": MOVIE},
    **{"rating": RATING, "timestamp": TIMESTAMP},
}


def read_histories(path: Path) -> RatingTable:
    """Return who has watched what: ids, and ratings where the file has them, else None.

    The file is written as ``u.data``, ``ratings.dat`` or ``ratings.csv`` is, or is any CSV whose header names the
    columns ``user_id``, ``movie_id`` and perhaps ``rating`` (``userId`` and ``movieId`` too) in any order among others.
    Movies need not be in any catalogue.

    Raises
    ------
    DataError
        Whatever is wrong in the file: no such columns, a wrong number of fields, something that is not a number, a
        rating off the scale, a (user, movie) pair twice, no line at all.
    """
    return read_rating_table(path, _layout_of(path))


def _layout_of(path: Path) -> RatingLayout:
    start = first_line(path)
    if "::" in start:
        return ml1m.RATINGS
    if "\t" in start:
        return ml100k.RATINGS
    header = tuple(start.split(","))
    columns = tuple(_MEANINGS.get(name.strip().strip('"').replace("_", "").lower(), name) for name in header)
    for needed in (USER, MOVIE):
        if columns.count(needed) != 1:
            problem = f"the header has to name the column {needed} once, as in 'user_id,movie_id,rating'"
            raise DataError(problem, path=path, line=1, value=start)
    return RatingLayout(separator=",", columns=columns, step=csv_family.RATINGS.step, header=header)
