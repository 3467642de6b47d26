"""Search for movies by title."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.titles import spellings
from serving.worker.misspelled import MisspelledSearch

_WITHOUT_DECOMPOSITION = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_APOSTROPHES = "'`\u2019\u00b4"


def plain(text: str) -> str:
    """Return a text without case, accents, apostrophes and punctuation, its words parted by single blanks."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_WITHOUT_DECOMPOSITION)
    letters = (
        character for character in folded if not unicodedata.combining(character) and character not in _APOSTROPHES
    )
    return " ".join(re.findall(r"\w+", "".join(letters)))


class TitleIndex:
    """All titles of a catalog, ready to be searched.

    One long text, a line for each spelling, the best-known movie first: what is found first is shown first.

    Parameters
    ----------
    catalog
        The movies.
    popularity
        int64, (n_items,); among equally good hits the better known comes first, then the smaller id.
    """

    def __init__(self, catalog: Catalog, popularity: NDArray[np.int64]) -> None:
        lines: list[str] = []
        self._rows: list[int] = []
        for row in np.argsort(-popularity, kind="stable").tolist():
            for spelling in spellings(catalog.titles[row]):
                lines.append(f"\n{plain(spelling)}")
                self._rows.append(row)
        self._text = "".join(lines)
        self._misspelled = MisspelledSearch(lines)
        self._starts = np.cumsum([0, *map(len, lines)])[:-1].tolist()

    def search(self, query: str, limit: int, hidden: NDArray[np.bool_] | None = None) -> list[int]:
        """Return rows of the catalog, at most ``limit``: titles that begin with the query, words that do, then any.

        Where none does, one typing error is forgiven.

        A query without a letter or digit finds nothing; hidden rows, bool, (n_items,), are passed over.
        """
        wanted = plain(query)
        if not wanted:
            return []
        found: dict[int, None] = {}
        for pattern in (f"\n{wanted}", f" {wanted}", wanted):
            for position in self._positions(pattern):
                row = self._rows[bisect_right(self._starts, position) - 1]
                if hidden is not None and hidden[row]:
                    continue
                found.setdefault(row)
                if len(found) >= limit:
                    return list(found)
        if not found:
            near = (self._rows[line] for line in self._misspelled.search(wanted))
            found = dict.fromkeys(row for row in near if hidden is None or not hidden[row])
        return list(found)[:limit]

    def _positions(self, pattern: str) -> Iterator[int]:
        position = self._text.find(pattern)
        while position >= 0:
            yield position
            position = self._text.find(pattern, position + 1)
