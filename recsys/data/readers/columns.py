"""What the columns of a table mean, as their names tell."""

import re
from collections.abc import Mapping, Sequence

USER, MOVIE, RATING, TIMESTAMP = "user_id", "movie_id", "rating", "timestamp"
TITLE, GENRES, YEAR, IMDB_ID, IMDB_URL = "title", "genres", "year", "imdb_id", "imdb_url"
IGNORED = ""

RATING_NAMES: Mapping[str, tuple[str, ...]] = {
    USER: ("userid", "uid", "user", "customerid", "memberid", "reviewerid", "username"),
    MOVIE: ("movieid", "itemid", "filmid", "movielensid", "mid", "iid", "showid", "productid", "movie", "item", "film"),
    RATING: ("rating", "ratings", "stars", "star", "score", "userrating", "ratingvalue", "rate"),
    TIMESTAMP: (
        *("timestamp", "timestamps", "time", "datetime", "ratingtimestamp", "unixtime", "unixtimestamp"),
        *("unixreviewtime", "ratedat", "createdat", "date", "ts"),
    ),
}
"""Names of the columns of ratings, without case, blanks and signs; of several in one table the first here counts."""

MOVIE_NAMES: Mapping[str, tuple[str, ...]] = {
    MOVIE: (*RATING_NAMES[MOVIE], "id"),
    TITLE: ("title", "movietitle", "filmtitle", "itemtitle", "moviename", "filmname", "itemname", "name", "movie"),
    GENRES: ("genres", "genre", "class", "categories", "category"),
    YEAR: ("year", "releaseyear", "movieyear", "releasedate", "date"),
    IMDB_URL: ("imdburl", "url"),
    IMDB_ID: ("imdbid", "tconst", "imdb"),
}
"""Likewise of the columns of movies."""

LINK_NAMES: Mapping[str, tuple[str, ...]] = {MOVIE: MOVIE_NAMES[MOVIE], IMDB_ID: MOVIE_NAMES[IMDB_ID]}

_TYPED = re.compile(r":(token|token_seq|float|float_seq)$")  # RecBole's atomic files
_SIGNS = re.compile(r"[\s_\-.\ufeff\"']+")


def plain_name(name: str) -> str:
    """Return a column's name as the tables above spell it: ``"Movie ID:token"`` is ``"movieid"``."""
    return _SIGNS.sub("", _TYPED.sub("", name.strip().strip("\"'").lower()))


def meanings(names: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return what each column means, `IGNORED` for those that mean nothing.

    Of several columns with one meaning the one whose name is listed first is taken. Two of the very same name both
    keep the meaning, which whoever reads the table has to refuse. No column gets two meanings.
    """
    plain = [plain_name(name) for name in names]
    found = [IGNORED] * len(names)
    for meaning, spellings in known.items():
        free = {name for name, taken in zip(plain, found, strict=True) if taken == IGNORED}
        best = next((spelling for spelling in spellings if spelling in free), None)
        if best is not None:
            found = [meaning if name == best and not taken else taken for name, taken in zip(plain, found, strict=True)]
    return tuple(found)
