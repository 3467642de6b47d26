"""Writing lists block by block, as CSV or Parquet, all or nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import ParameterError

FORMATS = (".csv", ".parquet")
Write = Callable[[pd.DataFrame], None]


@contextmanager
def list_writer(path: Path) -> Iterator[Write]:
    """Yield a function that appends rows; the file appears under its name when all of them are written.

    Raises
    ------
    ParameterError
        When the name ends in neither ``.csv`` nor ``.parquet``, or its folder does not exist.
    """
    if path.suffix not in FORMATS:
        raise ParameterError(f"{path}: the name has to end in {' or '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise ParameterError(f"{path}: there is no folder {path.parent}; make it first")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    opened = _csv if path.suffix == ".csv" else _parquet
    try:
        with opened(unfinished) as write:
            yield write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as handle:

        def write(rows: pd.DataFrame) -> None:
            rows.to_csv(handle, index=False, header=handle.tell() == 0, lineterminator="\n")

        yield write


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    writers: list[pq.ParquetWriter] = []

    def write(rows: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(rows, preserve_index=False)
        if not writers:
            writers.append(pq.ParquetWriter(path, table.schema))
        writers[0].write_table(table)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()
