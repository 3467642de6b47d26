"""Which movies may come up: one filter for requests, the pyfunc, the batch command and Python."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recsys.catalog import Catalog
from recsys.errors import ParameterError
from recsys.parameters import validated

MAX_FILTER_IDS = 1000
MAX_FILTER_GENRES = 100
MAX_ID = 2**63 - 1

Year = Annotated[int, Field(ge=0, le=9999, strict=True)]
MovieId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID, strict=True)]
"""A whole number: ``false`` is not movie 0, nor ``"1"`` movie 1."""
Genres = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=MAX_FILTER_GENRES)]
MovieIds = Annotated[tuple[MovieId, ...], Field(max_length=MAX_FILTER_IDS)]


class MovieFilter(BaseModel):
    """Which movies may come up; the list is filled up to n from what is allowed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    genres: Genres = ()
    """Only movies of at least one of these genres, in any case; none for all."""
    not_genres: Genres = ()
    """No movies of any of these genres."""
    year_from: Year | None = None
    """Only movies of this year or later; a movie whose year is not known is left out."""
    year_to: Year | None = None
    """Only movies of this year or earlier; a movie whose year is not known is left out."""
    exclude_movie_ids: MovieIds = ()
    """Not these movies, at most 1,000: what has been shown before, for instance, to get a second page."""
    candidate_movie_ids: MovieIds | None = None
    """Only these movies, at most 1,000. Those that the model does not know are named in the answer."""

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """Let arrays and NumPy's numbers pass, as Python and MLflow's clients have them."""
        listed = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(listed, list | tuple | set | frozenset):
            return [one.item() if isinstance(one, np.generic) else one for one in listed]
        return listed

    @model_validator(mode="after")
    def _check_years(self) -> "MovieFilter":
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError(f"year_from={self.year_from} is after year_to={self.year_to}; swap them")
        return self


class Allowed(NamedTuple):
    """A filter in terms of a catalog.

    Attributes
    ----------
    mask
        bool, (n_items,), which movies may come up.
    unknown_movie_ids
        Candidates that the catalog does not hold, ascending.
    """

    mask: NDArray[np.bool_]
    unknown_movie_ids: tuple[int, ...] = ()


def as_filter(given: MovieFilter | Mapping[str, Any] | None) -> MovieFilter | None:
    """Return a filter from what people pass from Python.

    Raises
    ------
    ParameterError
        For a field that a filter does not have, or a value that does not fit.
    """
    if given is None or isinstance(given, MovieFilter):
        return given
    if not isinstance(given, Mapping):
        raise ParameterError(f"filter={given!r} is not a mapping; give fields as in {{'genres': ['Comedy']}}")
    return validated(MovieFilter, given, owner="the filter")


def allowed_movies(catalog: Catalog, wanted: MovieFilter | None) -> Allowed | None:
    """Return which movies of a catalog a filter allows, None when it allows all.

    Raises
    ------
    ParameterError
        For a genre that no movie of the catalog has; the message lists those there are.
    """
    if wanted is None:
        return None
    mask, unknown = _candidates(catalog, wanted.candidate_movie_ids)
    if wanted.genres:
        mask &= _of_genres(catalog, wanted.genres)
    if wanted.not_genres:
        mask &= ~_of_genres(catalog, wanted.not_genres)
    if wanted.year_from is not None or wanted.year_to is not None:
        mask &= catalog.years >= (wanted.year_from or 1)
        if wanted.year_to is not None:
            mask &= catalog.years <= wanted.year_to
    if wanted.exclude_movie_ids:
        excluded = catalog.find(np.array(wanted.exclude_movie_ids, dtype=np.int64))
        mask[excluded[excluded >= 0]] = False
    return Allowed(mask, unknown)


def _candidates(catalog: Catalog, movie_ids: Sequence[int] | None) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    if movie_ids is None:
        return np.ones(catalog.n_items, dtype=np.bool_), ()
    rows = catalog.find(np.array(movie_ids, dtype=np.int64))
    mask = np.zeros(catalog.n_items, dtype=np.bool_)
    mask[rows[rows >= 0]] = True
    return mask, tuple(sorted({movie_ids[place] for place in np.flatnonzero(rows < 0).tolist()}))


def _of_genres(catalog: Catalog, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which movies have one of the genres, bool, (n_items,)."""
    columns = catalog.genre_columns
    found = np.zeros(catalog.n_items, dtype=np.bool_)
    for name in names:
        column = columns.get(name.casefold())
        if column is None:
            there = ", ".join(sorted(catalog.genre_names)) or "none"
            raise ParameterError(f"there is no genre {name!r}; the genres are {there}")
        found |= column
    return found
