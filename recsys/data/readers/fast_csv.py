"""A file of ratings that is entirely as its first lines promise, by pyarrow's reader: millions of lines a second."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from recsys.data.places import DataFile
from recsys.data.readers.columns import IGNORED, MOVIE, RATING, TIMESTAMP, USER
from recsys.data.readers.layout import Layout, sample_lines
from recsys.data.readers.rating_columns import GrowingColumn, RatingColumns, joined, narrowed
from recsys.data.readers.values import MAX_EXACT_FLOAT

_BLOCK_BYTES = 1 << 21
"""Fits into the processor's cache: 24 million rows took 2.7 s of processor time, and 3.0 s with blocks of 8 MB."""
_MAX_TIME = 2**53
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(?P<fraction>\.[0-9]{1,9})?)?)?(?P<zone>Z|[+-][0-9:]+)?"
)


class _NotPlainError(ValueError):
    """Something that only the exact reader can judge."""


def read_fast(file: DataFile, layout: Layout) -> RatingColumns | None:
    """Return the columns of a file, or None when anything in it needs the exact reader.

    Memory: some 20 bytes for each rating, as long as ids fit into 32 bits, and a few blocks of 2 MB.
    """
    if layout.encoding not in ("", "utf-8"):
        return None
    samples = _samples(file, layout)
    types = {meaning: _type_of(meaning, texts) for meaning, texts in samples.items()}
    decimal_comma = layout.separator != "," and any("," in text for text in samples.get(RATING, ()))
    with file.opened() as raw:
        for _ in range(layout.n_before):
            raw.readline()
        lines = _LineCounter(raw)
        try:
            columns = _collect(_batches(lines, layout, types, decimal_comma=decimal_comma), types)
        except (pa.ArrowInvalid, _NotPlainError):
            return None
    has_texts = layout.quoted and IGNORED in layout.columns
    # pyarrow takes whatever follows a quote that is never closed for one field, rows and all
    return None if has_texts and len(columns) != lines.n_lines else columns


class _LineCounter:
    """A stream of bytes that counts the lines read from it."""

    closed = False

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._n_ends = 0
        self._last = b"\n"

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._raw.read(size)
        self._n_ends += chunk.count(b"\n")
        self._last = chunk[-1:] or self._last
        return chunk

    @property
    def n_lines(self) -> int:
        """Return the number of lines, with the last one also when nothing ends it."""
        return self._n_ends + (self._last != b"\n")


def _samples(file: DataFile, layout: Layout) -> Mapping[str, Sequence[str]]:
    """Return the first fields of each column that is needed."""
    lines = [line for line in sample_lines(file)[0][layout.n_before :] if line.strip()][:50]
    rows = [line.split(layout.separator) for line in lines]
    places = {meaning: layout.place_of(meaning) for meaning in (USER, MOVIE, RATING, TIMESTAMP)}
    return {
        meaning: [row[place].strip().strip('"') for row in rows if len(row) > place]
        for meaning, place in places.items()
        if place is not None
    }


def _type_of(meaning: str, texts: Sequence[str]) -> pa.DataType:
    if meaning == RATING:
        return pa.float32()
    if meaning == TIMESTAMP and texts and (dates := [_ISO.fullmatch(text) for text in texts]) and all(dates):
        zoned = bool(dates[0] and dates[0]["zone"])
        unit = "ns" if any(date and date["fraction"] for date in dates) else "s"
        return pa.timestamp(unit, "UTC" if zoned else None)
    return pa.float64() if any("." in text for text in texts) else pa.int64()


def _batches(
    raw: _LineCounter, layout: Layout, types: Mapping[str, pa.DataType], *, decimal_comma: bool
) -> Iterator[pa.RecordBatch]:
    names, column_types, doubled = [], {}, layout.separator == "::"
    for place, meaning in enumerate(layout.columns):
        if doubled and place:
            # pyarrow's separators have one character: between "::" lies an empty column, which it checks to be empty
            names.append(f"between {place}")
            column_types[names[-1]] = pa.null()
        needed = meaning in types
        names.append(meaning if needed else f"column {place}")
        if needed:
            column_types[names[-1]] = types[meaning]
        elif place >= len(layout.columns) - layout.empty_columns:
            column_types[names[-1]] = pa.null()
    yield from csv.open_csv(
        raw,
        read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
        parse_options=csv.ParseOptions(
            delimiter=layout.separator[0],
            quote_char='"' if layout.quoted else False,
            # only in columns of texts; looking for them costs a tenth of the time
            newlines_in_values=layout.quoted and IGNORED in layout.columns,
        ),
        convert_options=csv.ConvertOptions(
            column_types=column_types,
            include_columns=list(column_types),
            null_values=[""],
            check_utf8=False,
            decimal_point="," if decimal_comma else ".",
        ),
    )


def _collect(batches: Iterator[pa.RecordBatch], types: Mapping[str, pa.DataType]) -> RatingColumns:
    kinds: dict[str, type[np.generic]] = {USER: np.int32, MOVIE: np.int32, RATING: np.float32, TIMESTAMP: np.int64}
    columns = {meaning: GrowingColumn(kinds[meaning]) for meaning in types}
    for batch in batches:
        for meaning, values in columns.items():
            column = batch.column(batch.schema.get_field_index(meaning))
            if column.null_count:
                raise _NotPlainError(meaning)
            values.extend(_as_numpy(meaning, column))
    found = {meaning: [column.finished()] for meaning, column in columns.items()}
    return joined(
        found[USER],
        found[MOVIE],
        found.get(RATING),
        found.get(TIMESTAMP),
        dated=pa.types.is_timestamp(types.get(TIMESTAMP, pa.null())),
    )


def _as_numpy(meaning: str, column: pa.Array) -> NDArray[np.generic]:
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("s", column.type.tz), safe=False)
        # a view of the same numbers
        return np.asarray(column.view(pa.int64()).to_numpy())
    values = np.asarray(column.to_numpy())
    if meaning in (USER, MOVIE):
        return narrowed(_whole(values))
    if not np.isfinite(values).all() or (meaning == TIMESTAMP and np.any(np.abs(values) > _MAX_TIME)):
        raise _NotPlainError(meaning)
    return np.floor(values) if meaning == TIMESTAMP and values.dtype.kind == "f" else values


def _whole(values: NDArray[np.generic]) -> NDArray[np.int64]:
    if values.dtype.kind == "i":
        return values.astype(np.int64, copy=False)
    numbers = values.astype(np.float64)
    # beyond 2^53 two ids may be one float
    if not np.all(np.abs(numbers) < MAX_EXACT_FLOAT) or np.any(numbers != np.floor(numbers)):
        raise _NotPlainError("ids")
    return numbers.astype(np.int64)
