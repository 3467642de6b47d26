"""Text files read line by line: slow but exact, so that a complaint names the file, the line, the value and the remedy.

The files of movies are always read this way; a file of ratings only after the fast way has failed.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from recsys.errors import DataError

REMEDY = "correct the line, or extract the file again from the original archive"
SEPARATOR_NAMES = {"\t": "tabs", ",": "commas", "|": "'|'", "::": "'::'"}

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MAX_INTEGER = 2**63 - 1
_MAX_SHOWN = 120


@dataclass(frozen=True)
class Record:
    """One line of a file, split into its fields.

    Attributes
    ----------
    path, line
        Where it stands; lines count from 1.
    fields
        The texts between the separators, unchanged.
    """

    path: Path
    line: int
    fields: Sequence[str]

    def error(self, problem: str, value: str) -> DataError:
        """Return the complaint about a value of this line, to be raised; a very long value is cut."""
        shown = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "..."
        return DataError(f"{problem}; {REMEDY}", path=self.path, line=self.line, value=shown)

    def integer(self, column: int, meaning: str) -> int:
        """Return one field as a whole number of 64 bits, or raise a `DataError` that calls it by its meaning."""
        text = self.fields[column].strip()
        if not _INTEGER.fullmatch(text):
            raise self.error(f"the {meaning} is not a whole number", text)
        if abs(int(text)) > _MAX_INTEGER:
            raise self.error(f"the {meaning} does not fit into 64 bits", text)
        return int(text)

    def number(self, column: int, meaning: str) -> float:
        """Return one field as a finite number, or raise a `DataError` that calls it by its meaning."""
        text = self.fields[column].strip()
        if not _NUMBER.fullmatch(text):
            raise self.error(f"the {meaning} is not a number", text)
        return float(text)


def read_records(
    path: Path, *, n_fields: int, separator: str, encoding: str, header: Sequence[str] | None = None
) -> Iterator[Record]:
    """Yield the lines of a file that are not blank, each split into ``n_fields`` fields.

    Fields between commas may stand in quotes, as spreadsheets write them; others may not. With a ``header``, the first
    line has to be it, and is not yielded.

    Raises
    ------
    DataError
        A file that is missing, cannot be opened or is not in the encoding; another header; a line with another number
        of fields.
    """
    split = _split_quoted if separator == "," else _split_plain
    expects_header = header is not None
    for line, fields in split(path, separator, encoding):
        record = Record(path, line, fields)
        if expects_header:
            expects_header = False
            if list(fields) != list(header or ()):
                wanted = separator.join(header or ())
                raise record.error(f"expected the header {wanted!r}", separator.join(fields))
        elif len(fields) != n_fields:
            problem = f"expected {n_fields} fields between {SEPARATOR_NAMES[separator]}, found {len(fields)}"
            raise record.error(problem, separator.join(fields))
        else:
            yield record


def first_line(path: Path, encoding: str = "utf-8") -> str:
    """Return the first line that is not blank, without its line end; empty when the file holds none."""
    return next((text for _, text in _lines(path, encoding) if text), "")


def line_numbers(path: Path, rows: Sequence[int], *, has_header: bool) -> list[int]:
    """Return the line numbers, from 1, of rows, from 0, of a file in which blank lines and the header do not count."""
    wanted = {row + has_header for row in rows}
    found: dict[int, int] = {}
    filled = (line for line, text in _lines(path, "latin-1") if text.strip())
    for place, line in enumerate(filled):
        if place in wanted:
            found[place] = line
        if len(found) == len(wanted):
            break
    return [found[row + has_header] for row in rows]


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield line numbers and lines without their ends; a byte order mark at the start, as spreadsheets put it, is cut.

    Lines are decoded one by one, because only then is the line of a wrong byte known.
    """
    with opened(path) as file:
        for line, raw in enumerate(file, start=1):
            cut = raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw
            try:
                yield line, cut.decode(encoding).rstrip("\r\n")
            except UnicodeDecodeError as error:
                problem = f"a byte is not {encoding.upper()}; save the file in that encoding"
                raise DataError(problem, path=path, line=line, value=f"0x{cut[error.start]:02x}") from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, or raise a `DataError` that says why that is not possible."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        problem = f"the file {path.name} is missing; put it there, or name the folder or file that holds the data"
        raise DataError(problem, path=path) from error
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror}; check its kind and permissions", path=path
        ) from error


def _split_plain(path: Path, separator: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    for line, text in _lines(path, encoding):
        if text.strip():
            yield line, text.split(separator)


def _split_quoted(path: Path, separator: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((text + "\n" for _, text in _lines(path, encoding)), delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        problem = f"a quote is not closed or stands in the wrong place ({error}); {REMEDY}"
        raise DataError(problem, path=path, line=line) from error
