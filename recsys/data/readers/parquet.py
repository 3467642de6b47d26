"""Parquet: one file, or a folder of parts, as Spark and pandas write it. Only the columns that are wanted are read."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.places import DataFile
from recsys.data.readers.columns import IGNORED, meanings
from recsys.errors import DataError


def read_parquet(
    file: DataFile, known: Mapping[str, tuple[str, ...]], needed: Sequence[str], expected: str
) -> pa.Table:
    """Return the columns of a Parquet table that mean something, each called by its meaning.

    Columns that only the names of the folders hold, as in ``year=2020/part-0.parquet``, are found too.

    Raises
    ------
    DataError
        When it is no Parquet, or the columns that are needed are not there once each.
    """
    parts = file.parts or (file,)
    tables = [_read_part(part, known) for part in parts]
    table = pa.concat_tables(tables, promote_options="permissive")
    for meaning in needed:
        if table.column_names.count(meaning) != 1:
            problem = f"the columns have to name {meaning} once, as in {expected!r}"
            raise DataError(problem, path=file.place, value=",".join(_names(parts[0])))
    return table


def column_names(file: DataFile) -> list[str]:
    """Return the names of the columns of a Parquet table."""
    return _names((file.parts or (file,))[0])


def _names(part: DataFile) -> list[str]:
    with _opened(part) as parquet:
        return [*parquet.schema_arrow.names, *_partition_values(part)]


def _read_part(part: DataFile, known: Mapping[str, tuple[str, ...]]) -> pa.Table:
    with _opened(part) as parquet:
        names = parquet.schema_arrow.names
        extra = _partition_values(part)
        found = meanings([*names, *extra], known)
        wanted = [name for name, meaning in zip(names, found, strict=False) if meaning != IGNORED]
        try:
            table = parquet.read(columns=wanted)
            table.validate(full=True)  # a text that is not UTF-8 would only fail when it is looked at
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(part, error) from error
        spoken = dict(zip([*names, *extra], found, strict=True))
        for name, value in extra.items():
            if spoken[name] != IGNORED:
                table = table.append_column(name, pa.array([value] * len(table), pa.string()))
        return table.rename_columns([spoken[name] for name in table.column_names])


def _partition_values(part: DataFile) -> dict[str, str]:
    pairs = (folder.partition("=") for folder in part.path.parts[:-1])
    return {name: value for name, equals, value in pairs if equals}


@contextmanager
def _opened(part: DataFile) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file where it is; within an archive, which has no way back and forth, in memory."""
    with ExitStack() as stack:
        raw: BinaryIO = stack.enter_context(part.open_raw())
        seekable = isinstance(raw, pa.NativeFile) or hasattr(raw, "fileno")
        source = raw if seekable and not _within_archive(raw) else io.BytesIO(stack.enter_context(part.opened()).read())
        try:
            parquet = stack.enter_context(pq.ParquetFile(source))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(part, error) from error
        yield parquet


def _within_archive(raw: BinaryIO) -> bool:
    return type(raw).__module__ in ("zipfile", "tarfile")


def _unreadable(part: DataFile, error: Exception) -> DataError:
    reason = str(error).partition("\n")[0]
    return DataError(f"this is not readable Parquet: {reason}; write it again", path=part.place)
