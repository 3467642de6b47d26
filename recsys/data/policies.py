"""What to do with what real files have: pairs rated twice, movies that nobody knows, other scales."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import MAX_STARS, MIN_STARS
from recsys.errors import ParameterError, did_you_mean

Duplicates = Literal["keep-last", "error"]
UnknownMovies = Literal["drop", "error"]

MAX_DROPPED = 0.01
"""Up to which share of all ratings those of unknown movies are dropped unasked."""

_SCALE = re.compile(r"\s*(?P<low>[+-]?[0-9]*\.?[0-9]+)\s*(?:-|to|\.\.|:|,)\s*(?P<high>[+-]?[0-9]*\.?[0-9]+)\s*")


@dataclass(frozen=True)
class Scale:
    """A rating scale other than that of MovieLens, mapped onto it linearly.

    Attributes
    ----------
    low, high
        The worst and the best rating there is.
    """

    low: float
    high: float

    @classmethod
    def parse(cls, text: str) -> "Scale":
        """Return ``"1-10"`` as a scale.

        Raises
        ------
        ParameterError
            When it is not two numbers, the lower one first.
        """
        match = _SCALE.fullmatch(text)
        if match is None or float(match["low"]) >= float(match["high"]):
            raise ParameterError(f"the scale {text!r} is not the worst and the best rating; write it as 1-10")
        return cls(float(match["low"]), float(match["high"]))

    def to_stars(self, ratings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ratings of this scale as stars 0.5-5, float32 of the same shape."""
        shares = (ratings.astype(np.float64) - self.low) / (self.high - self.low)
        return np.asarray(MIN_STARS + shares * (MAX_STARS - MIN_STARS), np.float32)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Policies:
    """What to do with ratings that cannot be taken as they are.

    Attributes
    ----------
    duplicates
        Of the ratings of one movie by one user: ``keep-last`` keeps that of the latest time, and of the same time that
        of the last line; ``error`` refuses them.
    unknown_movies
        Ratings of movies that are not in the file of movies: ``drop`` leaves them out, ``error`` refuses them; None
        leaves them out as long as they are at most 1 % of all.
    scale
        The scale of the ratings, when it is not that of MovieLens.
    """

    duplicates: Duplicates = "keep-last"
    unknown_movies: UnknownMovies | None = None
    scale: Scale | None = None

    @classmethod
    def parse(cls, *, duplicates: str = "", unknown_movies: str = "", scale: str = "") -> "Policies":
        """Return the policies from texts, as flags and notebooks give them; an empty text is the default.

        Raises
        ------
        ParameterError
            For a word that is none of the choices.
        """
        return cls(
            _word("duplicates", duplicates or "keep-last", get_args(Duplicates)),  # type: ignore[arg-type]
            _word("unknown-movies", unknown_movies, get_args(UnknownMovies)) if unknown_movies else None,  # type: ignore[arg-type]
            Scale.parse(scale) if scale else None,
        )


@dataclass(frozen=True)
class Note:
    """What a reader did with part of the data.

    Attributes
    ----------
    source
        The file.
    what
        ``ratings of movies that are not in the file of movies``.
    action
        ``kept``, ``dropped``, ``converted``.
    count
        How many ratings, movies or links.
    example
        One of them, empty where that says nothing.
    """

    source: str
    what: str
    action: str
    count: int
    example: str = ""

    @property
    def sentence(self) -> str:
        """Return the note for people."""
        example = f", for example {self.example}" if self.example else ""
        return f"{self.source}: {self.count:,} {self.what} {self.action}{example}"


def _word(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ParameterError(f"--{name} {value!r} is none of {', '.join(choices)}{did_you_mean(value, choices)}")
    return value
