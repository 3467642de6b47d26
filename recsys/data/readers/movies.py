"""A file of movies, in whatever form it is written, as the rows of a catalog."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from recsys.data.movie_table import MovieRow
from recsys.data.places import DataFile
from recsys.data.readers.columns import GENRES, IMDB_ID, IMDB_URL, MOVIE, MOVIE_NAMES, TITLE, YEAR, plain_name
from recsys.data.readers.genres import genres_of_column
from recsys.data.readers.layout import SEPARATOR_NAMES, Layout, sniff
from recsys.data.readers.parquet import read_parquet
from recsys.data.readers.records import REMEDY, Complaints
from recsys.data.readers.text import decode, split_lines
from recsys.data.readers.values import BadValueError, parse_id
from recsys.errors import DataError

HEADER = "movieId,title,genres"
_POSITIONS = (MOVIE, TITLE, GENRES)
_FIRST_YEAR = re.compile(r"(?<![0-9])(1[89][0-9]{2}|2[01][0-9]{2})(?![0-9])")
_IMDB_ID = re.compile(r"\s*(tt)?(?P<number>[0-9]{1,10})(\.0*)?\s*", re.ASCII)

Fields = Mapping[str, str]


def read_movies_file(file: DataFile, known_genres: Sequence[str] = ()) -> list[MovieRow]:
    """Return the movies of a file with a header, of a ``movies.dat``, or of Parquet.

    Parameters
    ----------
    known_genres
        Names of columns that are taken as flags where there is no column of genres.

    Raises
    ------
    DataError
        About the first line that is wrong, with the number of those that are wrong for the same reason.
    """
    complaints = Complaints(file.place, unit="row" if file.is_parquet else "line")
    layout = None if file.is_parquet else _layout(file)
    lines = _parquet_rows(file) if layout is None else _text_rows(file, layout, known_genres, complaints)
    by_blanks = layout is not None and any(
        name.endswith(":token_seq") and meaning == GENRES
        for name, meaning in zip(layout.names, layout.columns, strict=False)
    )
    genres = genres_of_column([fields.get(GENRES, "") for _, fields in lines], by_blanks=by_blanks)
    rows = []
    for (line, fields), names in zip(lines, genres, strict=True):
        try:
            movie_id = parse_id(fields[MOVIE], "movie id")
        except BadValueError as error:
            complaints.add(line, str(error), fields[MOVIE].strip())
            continue
        row = MovieRow(
            line,
            movie_id,
            fields.get(TITLE, ""),
            names,
            first_year(fields.get(YEAR, "")),
            fields.get(IMDB_URL, "").strip(),
        )
        url = imdb_address(fields.get(IMDB_ID, ""))
        rows.append(row.with_url(url) if url and not row.imdb_url else row)
    complaints.raise_first()
    return rows


def imdb_address(text: str) -> str:
    """Return the address at IMDb of an id such as ``0114709``, ``114709.0`` or ``tt0114709``; empty for none."""
    match = _IMDB_ID.fullmatch(text)
    return f"https://www.imdb.com/title/tt{int(match['number']):07d}/" if match else ""


def text_records(file: DataFile, layout: Layout) -> list[tuple[int, list[str]]]:
    """Return line number and fields of each line of data that is not blank; the whole file is decoded at once.

    Raises
    ------
    DataError
        Where a quote is not closed.
    """
    lines = split_lines(decode(file))[layout.n_before :]
    if layout.quoted:
        try:
            return _quoted(lines, layout)
        except csv.Error as error:
            if layout.separator in ",;":
                line = layout.n_before + error.args[1]
                problem = f"a quote is not closed or stands in the wrong place ({error.args[0]}); {REMEDY}"
                raise DataError(problem, path=file.place, line=line) from error
    plain = (line.rstrip("\r\n") for line in lines)
    numbered = enumerate(plain, start=layout.n_before + 1)
    return [(number, line.split(layout.separator)) for number, line in numbered if line.strip()]


def _quoted(lines: Sequence[str], layout: Layout) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=layout.separator, strict=True)
    found, line = [], layout.n_before + 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                found.append((line, fields))
            line = layout.n_before + reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(str(error), line - layout.n_before) from error
    return found


def _layout(file: DataFile) -> Layout:
    layout = sniff(file, MOVIE_NAMES, default=_POSITIONS, expected=HEADER, needed=(MOVIE, TITLE))
    for meaning in (MOVIE, TITLE):
        if layout.columns.count(meaning) != 1:
            problem = f"expected the header {HEADER!r}, in any order and among others: it has to name {meaning} once"
            value = layout.separator.join(layout.names)
            raise DataError(problem, path=file.place, line=layout.n_before, value=value)
    return layout


def _text_rows(
    file: DataFile, layout: Layout, known_genres: Sequence[str], complaints: Complaints
) -> list[tuple[int, Fields]]:
    n_fields = len(layout.columns)
    flags = {} if layout.place_of(GENRES) is not None else _flag_columns(layout, known_genres)
    found: list[tuple[int, Fields]] = []
    for line, fields in text_records(file, layout):
        if len(fields) != n_fields:
            separator = SEPARATOR_NAMES.get(layout.separator, layout.separator)
            problem = f"expected {n_fields} fields between {separator}"
            complaints.add(line, f"{problem}, found {len(fields)}", layout.separator.join(fields), kind=problem)
            continue
        row = {meaning: text for meaning, text in zip(layout.columns, fields, strict=True) if meaning}
        if flags:
            row[GENRES] = "|".join(name for place, name in flags.items() if fields[place].strip() in ("1", "1.0"))
        found.append((line, row))
    return found


def _flag_columns(layout: Layout, known_genres: Sequence[str]) -> dict[int, str]:
    spelled = {plain_name(name): name for name in known_genres}
    found = {place: spelled[plain_name(name)] for place, name in enumerate(layout.names) if plain_name(name) in spelled}
    return found if len(found) > 2 else {}


def _parquet_rows(file: DataFile) -> list[tuple[int, Fields]]:
    table = read_parquet(file, MOVIE_NAMES, (MOVIE, TITLE), HEADER)
    return [(row, _as_texts(values)) for row, values in enumerate(table.to_pylist(), start=1)]


def _as_texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: as_text(value) for name, value in values.items()}


def as_text(value: object) -> str:
    """Return a value of a typed column as text files have it: lists between ``|``, nothing for a missing one."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, list | tuple):
        return "|".join(map(as_text, value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def first_year(text: str) -> int:
    """Return the year in a number or a date, 0 where there is none."""
    match = _FIRST_YEAR.search(text)
    return int(match[0]) if match else 0
