"""Search that forgives one typing error: a letter too many, too few, wrong, or two swapped (Damerau 1964).

Only asked when a query is found in no title, so its time is not that of a usual search. The words within one error of
a word are spelled out and looked up (DOI 10.1145/363958.363994 has the four kinds of error).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

MIN_LETTERS = 4
"""Of a shorter word everything is one error away; and a year is a number that is meant."""
MAX_LETTERS = 30
"""A longer word is no word; its spellings would take long to write out."""


class MisspelledSearch:
    """Titles by their words.

    Parameters
    ----------
    titles
        In plain spelling (`serving.worker.titles.plain`), the best-known first.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = titles

    def search(self, query: str) -> list[int]:
        """Return the positions of titles that hold all words of a query, one of them misspelled, ascending.

        The last word may be the beginning of one, as somebody who types has not come to its end.
        """
        words = query.split()
        last = len(words) - 1
        found: set[int] = set()
        for place, word in enumerate(words):
            if MIN_LETTERS <= len(word) <= MAX_LETTERS and not word.isdecimal():
                near = self._holding({*spellings_near(word, self._letters)}, is_last=place == last)
                near -= self._holding({word}, is_last=place == last)
                others = (self._holding({words[at]}, is_last=at == last) for at in range(len(words)) if at != place)
                found |= near.intersection(*others)
        return sorted(found)

    def _holding(self, spellings: set[str], *, is_last: bool) -> set[int]:
        """Return the titles with a word of these spellings, or that begins so for the last word of a query."""
        wanted = {begun for spelling in spellings for begun in self._begun_by(spelling)} if is_last else spellings
        return {title for word in wanted for title in self._by_word.get(word, ())}

    def _begun_by(self, beginning: str) -> Iterator[str]:
        position = bisect_left(self._words, beginning)
        while position < len(self._words) and self._words[position].startswith(beginning):
            yield self._words[position]
            position += 1

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        by_word: dict[str, list[int]] = {}
        for position, title in enumerate(self._titles):
            for word in set(title.split()):
                by_word.setdefault(word, []).append(position)
        return by_word

    @cached_property
    def _words(self) -> list[str]:
        return sorted(self._by_word)

    @cached_property
    def _letters(self) -> str:
        return "".join(sorted(set("".join(self._words))))


def spellings_near(word: str, letters: str) -> Iterator[str]:
    """Yield the spellings that are one error away from a word; some more than once."""
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in letters:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
