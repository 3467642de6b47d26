"""A file of ratings line by line, for those that the fast reader refuses: exact values, and exact complaints."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from recsys.data.places import DataFile
from recsys.data.readers.columns import MOVIE, RATING, TIMESTAMP, USER
from recsys.data.readers.layout import Layout
from recsys.data.readers.rating_columns import RatingColumns, joined, narrowed
from recsys.data.readers.records import Complaints, records
from recsys.data.readers.times import day_comes_first, is_number, parse_time
from recsys.data.readers.values import BadValueError, parse_id, parse_number

_CHUNK = 100_000
_SAMPLE = 10_000
_MAX_CACHED = 1_000_000

_Parser = Callable[[str], float]


def read_exactly(file: DataFile, layout: Layout) -> RatingColumns:
    """Return the columns of a file as `read_fast` does.

    Raises
    ------
    DataError
        About the first line that is wrong, with the number of those that are wrong for the same reason.
    """
    complaints = Complaints(file.place)
    columns = [
        _Column(meaning, place, _parser(meaning, file, layout))
        for meaning in (USER, MOVIE, RATING, TIMESTAMP)
        if (place := layout.place_of(meaning)) is not None
    ]
    for n_read, (line, fields) in enumerate(records(file, layout, complaints), start=1):
        for column in columns:
            column.read(line, fields[column.place], complaints)
        if n_read % _CHUNK == 0:
            for column in columns:
                column.pack()
    complaints.raise_first()
    for column in columns:
        column.pack()
    packed = {column.meaning: column.packed for column in columns}
    return joined(
        packed[USER],
        packed[MOVIE],
        packed.get(RATING),
        packed.get(TIMESTAMP),
        dated=any(column.dated for column in columns),
    )


class _Column:
    """The values of one column, packed into arrays from time to time."""

    def __init__(self, meaning: str, place: int, parse: _Parser) -> None:
        self.meaning = meaning
        self.place = place
        self.packed: list[NDArray[np.generic]] = []
        self.dated = False
        self._parse = parse
        self._known: dict[str, float] = {}
        self._values: list[float] = []

    def read(self, line: int, text: str, complaints: Complaints) -> None:
        """Add the value of a field, or a complaint about it."""
        value = self._known.get(text)
        if value is None:
            try:
                value = self._parse(text)
            except BadValueError as error:
                complaints.add(line, str(error), text.strip())
                return
            if len(self._known) < _MAX_CACHED:
                self._known[text] = value
            self.dated = self.dated or (self.meaning == TIMESTAMP and not is_number(text))
        self._values.append(value)

    def pack(self) -> None:
        """Put the values read so far into an array."""
        if self.meaning == RATING:
            self.packed.append(np.array(self._values, np.float32))
        elif self.meaning == TIMESTAMP:
            self.packed.append(np.floor(np.array(self._values, np.float64)).astype(np.int64))
        else:
            self.packed.append(narrowed(np.array(self._values, np.int64)))
        self._values = []


def _parser(meaning: str, file: DataFile, layout: Layout) -> _Parser:
    spoken = meaning.replace("_", " ")
    if meaning == RATING:
        return partial(parse_number, meaning=spoken)
    if meaning == TIMESTAMP:
        return partial(parse_time, day_first=_day_first(file, layout))
    return partial(parse_id, meaning=spoken)


def _day_first(file: DataFile, layout: Layout) -> bool | None:
    place = layout.place_of(TIMESTAMP)
    texts = []
    for _, fields in records(file, layout, Complaints(file.place)):
        texts.append(fields[place or 0])
        if len(texts) == _SAMPLE:
            break
    return day_comes_first(texts)
