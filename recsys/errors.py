"""Errors of the product, one tree.

    RecsysError
    ├── DataError            a rating or movie file that cannot be read as it stands
    │   └── UnreachableError a server of datasets that does not answer as it should
    ├── ParameterError       a setting, method or parameter that does not exist or is out of range
    ├── ModelUnavailableError       a question to a model that has not been fitted or loaded
    ├── UnknownMovieError    a movie id that is not in the catalog
    ├── ArtifactError        a model folder that is missing, altered or of an unknown format
    ├── SparkError           a Spark cluster that does not answer, or gives up
    └── RegistryError        the registry cannot be reached, or does not hold what was asked for
        ├── NotRegisteredError   it answers, and does not hold it
        └── LeaseHeldError   someone else is at work on the registry

A message says what failed, the value, and the remedy. HTTP status codes are not known here.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path

from recsys.tracking_address import without_userinfo


class RecsysError(Exception):
    """Base of every error that the product raises on purpose; its message never holds a password of an address."""

    def __init__(self, message: str) -> None:
        super().__init__(without_userinfo(message))


class DataError(RecsysError):
    """A file of ratings or movies that cannot be read as it stands.

    Parameters
    ----------
    problem
        What is wrong and what to do, in one sentence.
    path, line, value
        Where it was found: the file or its address, the line number (from 1) and the offending text, each when there
        is one.
    unit
        What ``line`` counts: ``row`` where the source has no lines, as Parquet and data frames.
    more
        How many more lines are wrong for the same reason.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        value: str | None = None,
        unit: str = "line",
        more: int = 0,
    ) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}, {unit} {line}: "
        found = "" if value is None else f" (found {value!r})"
        others = f"; {more:,} more {unit}{'s are' if more > 1 else ' is'} wrong for the same reason" if more else ""
        super().__init__(f"{place}{problem}{found}{others}")
        self.path = path
        self.line = line
        self.value = value
        self.more = more


class UnreachableError(DataError):
    """A server of datasets that does not answer, or breaks off, or answers with an error."""


class ParameterError(RecsysError):
    """A setting, method or parameter that does not exist or is out of range."""


class ModelUnavailableError(RecsysError):
    """A question to a model that has not been fitted or loaded."""


class UnknownMovieError(RecsysError):
    """A movie id that is not in the catalog."""

    def __init__(self, movie_id: int) -> None:
        super().__init__(f"movie {movie_id} is not in the catalog; find ids with a search by title")
        self.movie_id = movie_id


class ArtifactError(RecsysError):
    """A model folder that is missing, altered or of an unknown format."""


class SparkError(RecsysError):
    """A Spark cluster that does not answer, or gives up."""


class RegistryError(RecsysError):
    """The registry cannot be reached, or does not hold what was asked for."""


class NotRegisteredError(RegistryError):
    """The registry answers, and does not hold what was asked for."""


class LeaseHeldError(RegistryError):
    """Someone else is at work on the registry, and holds its lock."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, else a list of all of them."""
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {nearest[0]!r}?" if nearest else f"; known are {', '.join(names)}"
