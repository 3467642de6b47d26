"""``u.item`` and ``u.genre`` of MovieLens 100K: fields between ``|``, without a header, genres as flags."""

import re
from collections.abc import Sequence

from recsys.data.movie_table import MovieRow
from recsys.data.places import DataFile
from recsys.data.readers.columns import MOVIE
from recsys.data.readers.layout import Layout
from recsys.data.readers.movies import text_records
from recsys.data.readers.records import Complaints
from recsys.data.readers.values import BadValueError, parse_id
from recsys.errors import DataError

GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""The flags at the end of a line of ``u.item``, in their order, where no ``u.genre`` says otherwise."""

_N_FIELDS_BEFORE_GENRES = 5  # id, title, release date, date of the video, address
_LAYOUT = Layout("|", (MOVIE,), (), 0, quoted=False, encoding="")
_RELEASE_DATE = re.compile(r"\d{1,2}-[A-Za-z]{3}-(\d{4})")


def read_genre_names(file: DataFile | None) -> tuple[str, ...]:
    """Return the names of the genres in the order of their flags.

    Raises
    ------
    DataError
        When the file does not number the 19 genres from 0 on.
    """
    if file is None:
        return GENRES
    rows = text_records(file, _LAYOUT)
    for place, (line, fields) in enumerate(rows):
        if len(fields) < 2 or fields[1].strip() != str(place) or place >= len(GENRES):
            problem = (
                f"expected {len(GENRES)} genres, numbered from 0; extract the file again from the original archive"
            )
            raise DataError(problem, path=file.place, line=line, value="|".join(fields))
    if len(rows) != len(GENRES):
        problem = f"expected {len(GENRES)} genres; extract the file again from the original archive"
        raise DataError(problem, path=file.place, line=len(rows), value=str(len(rows)))
    return tuple(fields[0].strip() for _, fields in rows)


def read_u_item(file: DataFile, genres: Sequence[str]) -> list[MovieRow]:
    """Return the movies of ``u.item``.

    Raises
    ------
    DataError
        About the first line that is wrong, with the number of those that are wrong for the same reason.
    """
    complaints = Complaints(file.place)
    n_fields = _N_FIELDS_BEFORE_GENRES + len(genres)
    rows = []
    for line, fields in text_records(file, _LAYOUT):
        if len(fields) != n_fields:
            problem = f"expected {n_fields} fields between '|'"
            complaints.add(line, f"{problem}, found {len(fields)}", "|".join(fields), kind=problem)
            continue
        row = _movie(line, fields, genres, complaints)
        if row is not None:
            rows.append(row)
    complaints.raise_first()
    return rows


def _movie(line: int, fields: Sequence[str], genres: Sequence[str], complaints: Complaints) -> MovieRow | None:
    number, title, released, _, url, *flags = fields
    wrong = next((flag for flag in flags if flag.strip() not in ("0", "1")), None)
    if wrong is not None:
        complaints.add(line, "a genre flag is neither 0 nor 1", wrong)
        return None
    try:
        movie_id = parse_id(number, "movie id")
    except BadValueError as error:
        complaints.add(line, str(error), number.strip())
        return None
    date = _RELEASE_DATE.fullmatch(released.strip())
    return MovieRow(
        line=line,
        movie_id=movie_id,
        title=title,
        genres=[name for name, flag in zip(genres, flags, strict=True) if flag.strip() == "1"],
        year=int(date[1]) if date else 0,
        imdb_url=url.strip(),
    )
