"""How large a table may be that is to be scored, found out before anything is made of it.

A body of 256 KiB can hold twenty thousand rows, each of which asks for as much work as a request to ``/recommend``, or
a hundred thousand columns, over which pandas takes minutes.
"""

import csv
import json
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any

from recsys.errors import ParameterError
from recsys.question import DEFAULT_N
from recsys.setting_groups import LimitSettings
from serving.worker.errors import RequestTooLargeError, UnreadableTableError

MAX_COLUMNS = 100
MAX_PARQUET_VALUES = 1_000_000
"""Values of a Parquet file, which may be packed by the million into a few bytes."""

PARQUET_NUMBERS = ("BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE")
"""Types of a fixed and small size; a text of a hundred kilobytes may be stored once and repeated a million times."""

PARQUET = ("application/vnd.apache.parquet", "application/x-parquet", "application/parquet")


@dataclass(frozen=True)
class TableSize:
    """The size of a table to score; ``n`` is how many movies are wanted for each row."""

    rows: int = 0
    columns: int = 0
    n: int = DEFAULT_N


def check_table(body: bytes, content_type: str, limits: LimitSettings) -> None:
    """Refuse a table that is too large or cannot be read; what is merely wrong is left to MLflow, which says so.

    Raises
    ------
    RequestTooLargeError
        For too many rows or columns.
    ParameterError
        When more movies are wanted than one answer may hold.
    UnreadableTableError
        For JSON that is nested too deep, or numbers of too many digits.
    """
    size = _size_of(body, content_type)
    check_rows(size.rows, limits)
    if size.columns > MAX_COLUMNS:
        raise RequestTooLargeError(f"{size.columns} columns; a table to score has at most {MAX_COLUMNS}")
    if max(1, size.rows) * size.n > limits.scoring_movies:
        raise ParameterError(
            f"{size.n} movies for each of {size.rows} rows; one answer holds at most {limits.scoring_movies} movies: "
            "send fewer rows, or a smaller n"
        )


def check_rows(n_rows: int, limits: LimitSettings) -> None:
    """Raise a `RequestTooLargeError` for too many rows."""
    if n_rows > limits.scoring_rows:
        raise RequestTooLargeError(
            f"{n_rows} rows; a table to score has at most {limits.scoring_rows}: send several, or score a large one "
            "with `python -m training recommend`"
        )


def _size_of(body: bytes, content_type: str) -> TableSize:
    media_type = content_type.partition(";")[0].strip()
    if media_type == "text/csv":
        return _size_of_csv(body)
    if media_type in PARQUET:
        return _size_of_parquet(body)
    return _size_of_json(body) if media_type == "application/json" else TableSize()


def _size_of_json(body: bytes) -> TableSize:
    try:
        decoded = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return TableSize()
    except RecursionError:
        raise UnreadableTableError("the JSON is nested too deep") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise UnreadableTableError(f"the JSON cannot be read: {error}") from None
    if not isinstance(decoded, dict):
        return TableSize()
    sizes = [_size_of_value(decoded[key]) for key in decoded if key != "params"]
    return TableSize(
        rows=max((rows for rows, _ in sizes), default=0),
        columns=max((columns for _, columns in sizes), default=0),
        n=_wanted(decoded.get("params")),
    )


def _size_of_value(value: Any) -> tuple[int, int]:
    """Return the rows and columns of a table in any of MLflow's forms: split, records, by column, or bare rows."""
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        rows = [row for row in value["data"] if isinstance(row, list)]
        columns, index = (value[name] if isinstance(value.get(name), list) else [] for name in ("columns", "index"))
        # pandas repeats one row of data for each entry of an index.
        return max(len(value["data"]), len(index)), max(len(columns), max(map(len, rows), default=0))
    if isinstance(value, dict):
        return max((len(column) for column in value.values() if isinstance(column, list | dict)), default=0), len(value)
    if isinstance(value, list):
        return len(value), len({key for row in value if isinstance(row, dict) for key in row})
    return 0, 0


def _wanted(params: Any) -> int:
    n = params.get("n", DEFAULT_N) if isinstance(params, dict) else DEFAULT_N
    return int(n) if isinstance(n, int | float) and 0 < n < 2**63 else DEFAULT_N


def _size_of_csv(body: bytes) -> TableSize:
    try:
        widths = [len(row) for row in csv.reader(body.decode().splitlines(keepends=True))]
    except UnicodeDecodeError:
        return TableSize()
    except csv.Error as error:
        raise UnreadableTableError(f"the CSV cannot be read: {error}") from None
    return TableSize(rows=max(0, len(widths) - 1), columns=max(widths, default=0))


def _size_of_parquet(body: bytes) -> TableSize:
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        return TableSize()  # nor can MLflow read it
    try:
        found = parquet.read_metadata(BytesIO(body))
        groups = [found.row_group(number) for number in range(found.num_row_groups)]
        values = sum(group.column(column).num_values for group in groups for column in range(group.num_columns))
    except (OSError, ValueError, OverflowError):
        return TableSize()
    if not all(found.schema.column(column).physical_type in PARQUET_NUMBERS for column in range(found.num_columns)):
        raise UnreadableTableError(
            "the Parquet file holds more than numbers; send the columns movie_ids and ratings only"
        )
    if values > MAX_PARQUET_VALUES:
        raise RequestTooLargeError(f"{values} values; a table to score has at most {MAX_PARQUET_VALUES}")
    return TableSize(rows=found.num_rows, columns=found.num_columns)
