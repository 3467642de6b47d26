"""Text files read line by line: slow but exact, so that a complaint names the file, the line, the value and the remedy.

Movies are always read this way; ratings only after the fast way has failed.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recsys.data.places import DataFile
from recsys.data.readers.layout import SEPARATOR_NAMES, Layout
from recsys.data.readers.text import marked_encoding, utf8_or_latin1
from recsys.errors import DataError

REMEDY = "correct the line, or extract the file again from the original archive"
_MAX_SHOWN = 120


@dataclass
class Complaints:
    """What is wrong in a file: of each kind the first line, and how many more there are.

    Attributes
    ----------
    place
        The file.
    unit
        ``line`` or ``row``.
    """

    place: object
    unit: str = "line"
    _first: dict[str, tuple[int, str]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, line: int, problem: str, value: str, *, kind: str = "", count: int = 1) -> None:
        """Note a wrong line, or ``count`` of which it is the first; ``kind`` is what they share, else the problem."""
        kind = kind or problem
        if kind not in self._first:
            shown = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "..."
            self._first[kind] = (line, problem + "\0" + shown)
        self._counts[kind] = self._counts.get(kind, 0) + count

    def raise_first(self) -> None:
        """Raise a `DataError` about the first wrong line, if there is any, with the number of those like it."""
        if not self._first:
            return
        kind, (line, text) = min(self._first.items(), key=lambda item: item[1][0])
        problem, _, value = text.partition("\0")
        remedy = "" if ";" in problem else f"; {REMEDY}"
        raise DataError(
            problem + remedy,
            path=self.place,  # type: ignore[arg-type]
            line=line,
            value=value,
            unit=self.unit,
            more=self._counts[kind] - 1,
        )


def records(file: DataFile, layout: Layout, complaints: Complaints) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield line number and fields of each line of data that is not blank and has as many fields as it should.

    Lines with another number of fields are noted as complaints and left out.
    """
    n_fields = len(layout.columns)
    for line, fields in _split(file, layout):
        if len(fields) != n_fields or (layout.empty_columns and any(fields[-layout.empty_columns :])):
            wanted = n_fields - layout.empty_columns
            found = max(len(fields) - layout.empty_columns, 0) if len(fields) != n_fields else n_fields
            problem = f"expected {wanted} fields between {SEPARATOR_NAMES.get(layout.separator, layout.separator)}"
            complaints.add(line, f"{problem}, found {found}", layout.separator.join(fields), kind=problem)
        else:
            yield line, fields


def line_numbers(file: DataFile, layout: Layout, rows: Sequence[int]) -> list[int]:
    """Return the line numbers, from 1, of rows of data, from 0."""
    wanted = set(rows)
    found: dict[int, int] = {}
    for row, (line, _) in enumerate(_split(file, layout)):
        if row in wanted:
            found[row] = line
        if len(found) == len(wanted):
            break
    return [found[row] for row in rows]


def _lines(file: DataFile, layout: Layout) -> Iterator[tuple[int, str]]:
    """Yield line numbers and lines with their ends, from the first line of data on."""
    with file.opened() as raw:
        mark = marked_encoding(raw.read(400))[1]
        raw.seek(mark)
        if layout.encoding and layout.encoding != "utf-8":
            lines: Iterator[str] = iter(codecs.getreader(layout.encoding)(raw, "replace"))
        else:
            lines = (line for chunk in raw for line in _universal(utf8_or_latin1(chunk)))
        for line, text in enumerate(lines, start=1):
            if line > layout.n_before:
                yield line, text


def _universal(text: str) -> list[str]:
    r"""Return the lines of a text that are ended by a lone ``\r``, as old Macs did."""
    if "\r" not in text.rstrip("\r\n"):
        return [text]
    return [part + "\n" for part in text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")]


def _split(file: DataFile, layout: Layout) -> Iterator[tuple[int, Sequence[str]]]:
    if not layout.quoted:
        for line, text in _lines(file, layout):
            if text.strip():
                yield line, text.rstrip("\r\n").split(layout.separator)
        return
    reader = csv.reader((text for _, text in _lines(file, layout)), delimiter=layout.separator, strict=True)
    line = layout.n_before + 1
    try:
        for fields in reader:
            if any(value.strip() for value in fields):
                yield line, fields
            line = layout.n_before + reader.line_num + 1
    except csv.Error as error:
        problem = f"a quote is not closed or stands in the wrong place ({error}); {REMEDY}"
        raise DataError(problem, path=file.place, line=line) from error
