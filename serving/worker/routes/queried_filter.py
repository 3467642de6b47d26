"""The filter of ``GET`` routes: a parameter a field, several values by commas or by repetition."""

from typing import Annotated

from fastapi import Depends, Query

from recsys.filter import MAX_FILTER_IDS, MovieFilter, as_filter

_IDS = Annotated[str, Query(pattern=r"^-?\d{1,18}(,-?\d{1,18})*$")]

Names = Annotated[list[str], Query(max_length=100, examples=[["Comedy"]])]
Ids = Annotated[list[_IDS], Query(max_length=MAX_FILTER_IDS, examples=[["1,50"]])]
Year = Annotated[int | None, Query(ge=0, le=9999)]


def queried_filter(  # noqa: PLR0917  FastAPI reads the parameters from the signature
    genres: Annotated[Names, Query(description="only movies of at least one of these genres")] = [],  # noqa: B006
    not_genres: Annotated[Names, Query(description="no movies of these genres")] = [],  # noqa: B006
    year_from: Annotated[Year, Query(description="only movies of this year or later")] = None,
    year_to: Annotated[Year, Query(description="only movies of this year or earlier")] = None,
    exclude_movie_ids: Annotated[Ids, Query(description="not these movies")] = [],  # noqa: B006
    candidate_movie_ids: Annotated[Ids | None, Query(description="only these movies")] = None,
) -> MovieFilter | None:
    """Return the filter that a query asks for, None for none.

    Raises
    ------
    ParameterError
        When the fields do not fit together.
    """
    given = {
        "genres": _split(genres),
        "not_genres": _split(not_genres),
        "year_from": year_from,
        "year_to": year_to,
        "exclude_movie_ids": _numbers(exclude_movie_ids),
        "candidate_movie_ids": None if candidate_movie_ids is None else _numbers(candidate_movie_ids),
    }
    wanted = as_filter(given)
    return None if wanted == MovieFilter() else wanted


def _split(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _numbers(values: list[str]) -> list[int]:
    return [int(part) for part in _split(values)]


QueriedFilter = Annotated[MovieFilter | None, Depends(queried_filter)]
