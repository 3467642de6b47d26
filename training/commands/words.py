"""Flags whose values are words, as ``mlflow run -P`` passes them."""

from collections.abc import Sequence
from typing import TypeVar

from recsys.errors import ParameterError

Word = TypeVar("Word", bound=str)
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def flag_of(name: str, text: str) -> bool:
    """Return whether a flag says yes.

    Raises
    ------
    ParameterError
        When it says neither yes nor no.
    """
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise ParameterError(f"{name} {text}: use true or false") from None


def word_of(name: str, text: str, words: Sequence[Word]) -> Word:
    """Return the one of a few words that a flag names.

    Raises
    ------
    ParameterError
        When it is none of them.
    """
    for word in words:
        if word == text:
            return word
    raise ParameterError(f"{name} {text}: use {' or '.join(words)}")
