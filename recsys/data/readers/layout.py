"""How a table in a text file is written: separator, header, columns. Told from its first lines, not from its name."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.data.places import DataFile
from recsys.data.readers.columns import IGNORED, meanings, plain_name
from recsys.data.readers.text import marked_encoding, split_lines, utf8_or_latin1
from recsys.errors import DataError

SEPARATORS = ("::", "\t", ",", ";", "|", " ")
SEPARATOR_NAMES = {
    **{"\t": "tabs", ",": "commas", ";": "semicolons", " ": "blanks"},
    **{"|": "'|'", "::": "'::'"},
}
_SAMPLE_BYTES = 1 << 16
_EXCEL_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Layout:
    r"""How a table is written.

    Attributes
    ----------
    separator
        ``"::"``, or one character.
    columns
        What the fields of a line mean, from left to right, as `recsys.data.readers.columns` names it; `IGNORED` for
        columns that nobody needs. As many as a line has fields.
    names
        The names of the columns in the header, as they stand there; none where there is no header.
    n_before
        How many lines stand before the first one of data: the header, ``sep=;``, blank ones.
    quoted
        Whether fields may stand in quotes.
    encoding
        As the mark at the start tells; empty when there is none.
    empty_columns
        How many columns at the end have neither a name nor contents: separators at the end of every line.
    """

    separator: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    n_before: int
    quoted: bool
    encoding: str
    empty_columns: int = 0

    @property
    def has_header(self) -> bool:
        """Return whether the columns have names."""
        return bool(self.names)

    def place_of(self, meaning: str) -> int | None:
        """Return the place of the column with a meaning, from 0, or None."""
        return self.columns.index(meaning) if meaning in self.columns else None


def sample_lines(file: DataFile) -> tuple[list[str], str]:
    """Return the first complete lines of a file with their ends, and the encoding its mark tells."""
    raw = file.head(_SAMPLE_BYTES)
    encoding, length = marked_encoding(raw)
    text = raw[length:].decode(encoding, "ignore") if encoding else _head_text(raw)
    lines = split_lines(text)
    return (lines[:-1] if len(raw) == _SAMPLE_BYTES and len(lines) > 1 else lines), encoding


def sniff(
    file: DataFile,
    known: Mapping[str, tuple[str, ...]],
    *,
    default: Sequence[str] = (),
    expected: str = "",
    needed: Sequence[str] = (),
) -> Layout:
    """Return how a table is written.

    Parameters
    ----------
    file
        A text file.
    known
        The names that its columns may have.
    default
        What the columns of a table without a header mean, where the separator says that it may have none.
    expected
        The header that is asked for where there has to be one.
    needed
        The meanings that a header has to have, for the complaint.

    Raises
    ------
    DataError
        A table between commas or semicolons without a header.
    """
    lines, encoding = sample_lines(file)
    start, hinted = _skip_to_header(lines)
    if start == len(lines):
        return Layout(",", tuple(default), (), start, quoted=True, encoding=encoding)
    header = lines[start].rstrip("\r\n")
    separator, found = _best_separator(header, known, hinted)
    quoted = separator != "::" and (separator in ",;" or any('"' in line for line in lines))
    following = [_split(line, separator, quoted=quoted) for line in lines[start + 1 :] if line.strip()]
    if sum(meaning != IGNORED for meaning in found) >= 2:
        names = _split(header, separator, quoted=quoted)
        return _fit(Layout(separator, found, tuple(names), start + 1, quoted, encoding), following)
    if separator in ",;" and not file.name.endswith((".dat", ".data", ".item")):
        problem = f"expected the header {expected!r}, in any order and among others"
        missing = next((f": the header has to name the column {name} once" for name in needed if name not in found), "")
        raise DataError(problem + missing, path=file.place, line=start + 1, value=header[:120])
    rows = [_split(header, separator, quoted=quoted), *following]
    widths = Counter(map(len, rows))
    n_fields = max(max(widths, key=lambda width: (widths[width], width)), len(default) - 1)
    columns = (*default, *[IGNORED] * (n_fields - len(default)))[:n_fields]
    return _fit(Layout(separator, columns, (), start, quoted, encoding), rows)


def _head_text(raw: bytes) -> str:
    cut = raw if len(raw) < _SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1] or raw
    return utf8_or_latin1(cut)


def _skip_to_header(lines: Sequence[str]) -> tuple[int, str]:
    """Return the place of the first line that is not blank, and the separator that Excel's own first line names."""
    hinted = ""
    for place, line in enumerate(lines):
        hint = _EXCEL_HINT.fullmatch(line)
        if hint and not hinted:
            hinted = hint[1]
        elif line.strip(" \r\n\t,;"):
            return place, hinted
    return len(lines), hinted


def _best_separator(header: str, known: Mapping[str, tuple[str, ...]], hinted: str) -> tuple[str, tuple[str, ...]]:
    """Return the separator between whose fields most known names stand, or, without names, that is there at all."""
    candidates = (hinted,) if hinted else SEPARATORS
    split = {separator: _split(header, separator, quoted=separator != "::") for separator in candidates}
    found = {separator: meanings(fields, known) for separator, fields in split.items()}
    best = max(candidates, key=lambda separator: len(set(found[separator]) - {IGNORED}))
    if len(set(found[best]) - {IGNORED}) >= 2:
        return best, found[best]
    present = next((separator for separator in candidates if len(split[separator]) > 1), ",")
    return present, found[present]


def _split(line: str, separator: str, *, quoted: bool) -> list[str]:
    text = line.rstrip("\r\n")
    if not quoted or len(separator) > 1:
        return text.split(separator)
    return next(csv.reader([text], delimiter=separator), [])


def _fit(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """Return the layout with as many columns as the lines have fields, where more or fewer of them do no harm."""
    n_fields, n_columns = len(rows[0]) if rows else len(layout.columns), len(layout.columns)
    columns, names = layout.columns, layout.names
    if any(len(row) != n_fields for row in rows):
        n_fields = n_columns
    if n_fields == n_columns + 1 and names and _numbers_rows(rows):
        return _with(layout, (IGNORED, *columns), ("", *names))  # R's write.table names no column for the row names
    if n_fields > n_columns and not any("".join(row[n_columns:]).strip() for row in rows):
        columns = (*columns, *[IGNORED] * (n_fields - n_columns))
    elif n_fields < n_columns and not any(plain_name(name) for name in names[n_fields:]) and names:
        columns = columns[:n_fields]
    return _with(layout, columns, names, _empty_at_the_end(columns, names, rows))


def _empty_at_the_end(columns: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the last columns have neither a name nor anything in them."""
    n_empty = 0
    for place in reversed(range(len(columns))):
        named = place < len(names) and plain_name(names[place])
        if named or columns[place] != IGNORED or any("".join(row[place : place + 1]).strip() for row in rows):
            break
        n_empty += 1
    return n_empty


def _with(layout: Layout, columns: tuple[str, ...], names: tuple[str, ...], empty_columns: int = 0) -> Layout:
    return Layout(layout.separator, columns, names, layout.n_before, layout.quoted, layout.encoding, empty_columns)


def _numbers_rows(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first fields count the rows."""
    firsts = [row[0].strip() for row in rows]
    if len(firsts) < 2 or not all(_NUMBER.fullmatch(first) for first in firsts):
        return False
    return all(int(float(second)) - int(float(first)) == 1 for first, second in itertools.pairwise(firsts))
