"""Typed columns, as Parquet and data frames have them, as ratings: exact values, and complaints that name the row."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.data.readers.columns import MOVIE, RATING, TIMESTAMP, USER
from recsys.data.readers.rating_columns import RatingColumns, joined, narrowed
from recsys.data.readers.records import Complaints
from recsys.data.readers.times import day_comes_first, parse_time
from recsys.data.readers.values import MAX_EXACT_FLOAT, BadValueError, parse_id, parse_number


def read_columns(table: pa.Table, place: object) -> RatingColumns:
    """Return ratings from a table whose columns are called by their meanings.

    Raises
    ------
    DataError
        About the first row that is wrong, with the number of those that are wrong for the same reason.
    """
    complaints = Complaints(place, unit="row")
    values: dict[str, NDArray[np.generic]] = {}
    dated = False
    for meaning in (USER, MOVIE, RATING, TIMESTAMP):
        if meaning in table.column_names:
            column = _plain(table[meaning])
            dated = dated or (meaning == TIMESTAMP and not _is_number(column.type))
            values[meaning] = _CONVERTERS[meaning](column, complaints)
    complaints.raise_first()
    return joined(
        [values[USER]],
        [values[MOVIE]],
        [values[RATING]] if RATING in values else None,
        [values[TIMESTAMP]] if TIMESTAMP in values else None,
        dated=dated,
    )


def _plain(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    array = combined if isinstance(combined, pa.Array) else pa.chunked_array([combined]).combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_decimal(array.type) or pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.string())
    return pc.cast(array, pa.string()) if pa.types.is_binary(array.type) else array


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind))


def _ids(column: pa.Array, complaints: Complaints, meaning: str) -> NDArray[np.generic]:
    _complain_of_nulls(column, complaints, meaning)
    if pa.types.is_integer(column.type):
        if pa.types.is_uint64(column.type):
            too_large = np.asarray(pc.greater(column, pa.scalar(2**63 - 1, pa.uint64())).fill_null(False))
            _complain(column, too_large, complaints, f"the {meaning} does not fit into 64 bits")
            if too_large.any():
                return np.zeros(len(column), np.int64)
        return narrowed(column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64))
    if pa.types.is_floating(column.type):
        numbers = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
        fraction = ~np.isfinite(numbers) | (numbers != np.floor(numbers))
        _complain(column, fraction, complaints, f"the {meaning} is not a whole number")
        inexact = ~fraction & (np.abs(numbers) >= MAX_EXACT_FLOAT)
        problem = f"the {meaning} is a float beyond 2^53, where two ids become one; save the ids as integers or texts"
        _complain(column, inexact, complaints, problem)
        return narrowed(np.where(fraction | inexact, 0, numbers).astype(np.int64))
    return narrowed(_parsed(column, complaints, lambda text: parse_id(text, meaning), np.int64).astype(np.int64))


def _stars(column: pa.Array, complaints: Complaints) -> NDArray[np.generic]:
    _complain_of_nulls(column, complaints, RATING)
    if _is_number(column.type):
        numbers = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float32)
        _complain(column, ~np.isfinite(numbers), complaints, "the rating is not a number")
        return np.asarray(numbers)
    return _parsed(column, complaints, lambda text: parse_number(text, RATING), np.float32)


def _times(column: pa.Array, complaints: Complaints) -> NDArray[np.generic]:
    _complain_of_nulls(column, complaints, TIMESTAMP)
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        seconds = pc.cast(column, pa.timestamp("s", zone), safe=False).view(pa.int64())
        return np.asarray(seconds.fill_null(0).to_numpy(zero_copy_only=False))
    if _is_number(kind):
        numbers = column.fill_null(0).to_numpy(zero_copy_only=False)
        _complain(column, ~np.isfinite(numbers), complaints, "the timestamp is not a number")
        return np.asarray(numbers.astype(np.int64) if numbers.dtype.kind in "iu" else np.nan_to_num(numbers))
    texts = [text for text in column[:10_000].to_pylist() if text]
    day_first = day_comes_first(texts)
    parsed = _parsed(column, complaints, lambda text: parse_time(text, day_first=day_first), np.float64)
    return np.floor(parsed.astype(np.float64)).astype(np.int64)


def _parsed(
    column: pa.Array, complaints: Complaints, parse: Callable[[str], float], kind: type[np.generic]
) -> NDArray[np.generic]:
    """Return texts as numbers, each distinct text parsed once."""
    encoded = pc.cast(column, pa.string()).dictionary_encode()
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = np.zeros(len(encoded.dictionary) + 1, kind)
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            values[place] = parse(text)
        except BadValueError as error:
            _complain(column, places == place, complaints, str(error))
    return np.asarray(values[places])


def _complain_of_nulls(column: pa.Array, complaints: Complaints, meaning: str) -> None:
    missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    _complain(column, missing, complaints, f"the {meaning.replace('_', ' ')} is missing")


def _complain(column: pa.Array, wrong: NDArray[np.bool_], complaints: Complaints, problem: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        value = column[row].as_py()
        complaints.add(row + 1, problem, "" if value is None else str(value), count=int(wrong.sum()))


_CONVERTERS = {
    USER: lambda column, complaints: _ids(column, complaints, "user id"),
    MOVIE: lambda column, complaints: _ids(column, complaints, "movie id"),
    RATING: _stars,
    TIMESTAMP: _times,
}
