"""Tables of histories as people and programs send them: whole stars, arrays, missing lists."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from recsys.catalog import MAX_STARS, MIN_STARS
from recsys.errors import ParameterError
from recsys.movie_ids import whole_ids


def read_rows(table: pd.DataFrame) -> Iterator[dict[int, float]]:
    """Yield the history of each row: stars by movie id; of a movie that comes twice the last rating counts.

    Parameters
    ----------
    table
        Columns ``movie_ids``, lists of ids, and perhaps ``ratings``, as many stars 0.5-5 each, whole or not. A missing
        list of ratings (None, NaN, no such column) counts every movie of its row as liked with five stars.

    Raises
    ------
    ParameterError
        When a row has more or fewer ratings than movies, an id is not a whole number, or a rating is no number or off
        the scale; the message names the row, from 0.
    """
    ratings = table["ratings"] if "ratings" in table else [None] * len(table)
    for place, (ids_cell, stars_cell) in enumerate(zip(table["movie_ids"], ratings, strict=True)):
        ids = whole_ids(read_list(ids_cell, place) or [], f"row {place}: ")
        stars = read_list(stars_cell, place)
        if stars is None:
            yield dict.fromkeys(ids, MAX_STARS)
            continue
        if len(ids) != len(stars):
            raise ParameterError(
                f"row {place}: {len(ids)} movie_ids, but {len(stars)} ratings; give one rating for each movie"
            )
        for star in stars:
            # The comparison is false for NaN too.
            if isinstance(star, bool) or not isinstance(star, int | float) or not MIN_STARS <= star <= MAX_STARS:
                raise ParameterError(
                    f"row {place}: rating {star!r} is off the scale; use {MIN_STARS} to {MAX_STARS:g} stars"
                )
        yield dict(zip(ids, stars, strict=True))


def read_list(cell: Any, place: int) -> list[Any] | None:
    """Return the list in a cell of a table, its numbers as Python's own, None for a missing one.

    Raises
    ------
    ParameterError
        When the cell holds something else.
    """
    if isinstance(cell, np.ndarray):
        return cell.tolist()  # type: ignore[no-any-return]  # an array of one dimension gives a list
    if isinstance(cell, list | tuple):
        return [value.item() if isinstance(value, np.generic) else value for value in cell]
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return None
    raise ParameterError(f"row {place}: {cell!r} is not a list; give ids and ratings as lists, as in [1, 50]")
