"""The genres of movies, in whatever way a column holds them."""

import ast
import json
from collections.abc import Sequence

from recsys.catalog import NO_GENRE

_SEPARATORS = ("|", ";", ",", "/")


def genres_of_column(texts: Sequence[str], *, by_blanks: bool = False) -> list[list[str]]:
    """Return the genres of each movie: names between ``|``, or between whatever other sign the column uses instead.

    Lists as Python or JSON write them are understood, of names or of things with a name; an empty text is no genre.

    Parameters
    ----------
    by_blanks
        Whether blanks separate the names, as in RecBole's files.
    """
    texts = [text.strip() for text in texts]
    if any(text.startswith("[") for text in texts):
        return [_of_list(text) for text in texts]
    plain = [text for text in texts if text not in NO_GENRE]
    separator = next((sign for sign in _SEPARATORS if any(sign in text for text in plain)), " " if by_blanks else "|")
    return [[text] if text in NO_GENRE else split_genres(text, separator) for text in texts]


def split_genres(text: str, separator: str = "|") -> list[str]:
    """Return the names in ``"Adventure|Comedy"``; an empty list for an empty text."""
    return [name.strip() for name in text.split(separator) if name.strip()]


def _of_list(text: str) -> list[str]:
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
        except (ValueError, SyntaxError):
            continue
        names = [item.get("name", "") if isinstance(item, dict) else item for item in found]
        return [str(name).strip() for name in names if str(name).strip()]
    return split_genres(text.strip("[]"))
