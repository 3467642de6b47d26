"""``GET /movies/...``."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from recsys.errors import ParameterError
from recsys.filter import MAX_ID, MovieFilter
from recsys.question import DEFAULT_N, MAX_N
from serving.worker import questions
from serving.worker.context import context_of
from serving.worker.http.json_response import CLOSED, INVALID, UNAVAILABLE, UNKNOWN_MOVIE, json_response
from serving.worker.http.short_way import PlainRequest, ShortWay
from serving.worker.loaded_model import LoadedModel
from serving.worker.operations.comparison import chosen_model
from serving.worker.routes.chosen_version import Version
from serving.worker.routes.queried_filter import QueriedFilter
from serving.worker.schemas.movies import Movie, MovieName, Movies, SimilarMovies
from serving.worker.schemas.question import MAX_IDS
from serving.worker.state import Services, services_of

router = APIRouter(tags=["movies"])

PLAIN_SIMILAR = re.compile(r"/movies/(?P<movie_id>[0-9]{1,18})/similar")
PLAIN_N = re.compile(rb"(?:n=(?P<n>[0-9]{1,3}))?")

MovieId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID, examples=[50], description="as MovieLens counts them")]
Limit = Annotated[int, Query(ge=1, le=MAX_N, description="at most so many")]
Text = Annotated[str, Query(min_length=1, max_length=200, examples=["toy"], description="part of a title")]
Ids = Annotated[
    str,
    Query(
        pattern=r"^-?\d{1,18}(,-?\d{1,18})*$", max_length=4000, examples=["1,50"], description="movie ids, with commas"
    ),
]


def plain_similar(services: Services, asked: PlainRequest) -> bytes | None:
    """Answer a right question for the served version."""
    found, wanted = PLAIN_SIMILAR.fullmatch(asked.path), PLAIN_N.fullmatch(asked.query)
    if found is None or wanted is None:
        return None
    n = int(wanted["n"] or DEFAULT_N)
    return similar_as_served(services, asked.model, int(found["movie_id"]), n) if 1 <= n <= MAX_N else None


SHORT_WAY = ShortWay("GET", PLAIN_SIMILAR, "GET /movies/{movie_id}/similar", plain_similar)


def similar_as_served(
    services: Services, model: LoadedModel, movie_id: int, n: int, wanted: MovieFilter | None = None
) -> bytes:
    """Answer from the served version, or from the answers that are kept."""
    key = (model.answer_key, "similar", movie_id, n, wanted)
    return services.answers.get_or_make(key, lambda: questions.similar(model, movie_id, n, wanted))


@router.get(
    "/movies/{movie_id}/similar",
    summary="Find similar movies",
    responses={200: {"model": SimilarMovies}, **UNKNOWN_MOVIE, **INVALID, **CLOSED, **UNAVAILABLE},
    response_model=None,
)
async def similar(
    request: Request, movie_id: MovieId, wanted: QueriedFilter, n: Limit = DEFAULT_N, version: Version = None
) -> Response:
    """Movies that resemble one, most similar first. The filter is that of ``POST /recommend``, a parameter a field."""
    if version is not None:
        # Past the cache of answers, which is for the served version.
        return json_response(questions.similar(await chosen_model(request, version), movie_id, n, wanted))
    model = context_of(request).model
    return json_response(similar_as_served(services_of(request), model, movie_id, n, wanted))


@router.get(
    "/movies",
    summary="Get several movies",
    responses={200: {"model": Movies}, **INVALID, **UNAVAILABLE},
    response_model=None,
)
async def several(request: Request, ids: Ids) -> Response:
    """All that is known of several movies, at most 200."""
    movie_ids = [int(movie_id) for movie_id in ids.split(",")]
    if len(movie_ids) > MAX_IDS:
        raise ParameterError(f"{len(movie_ids)} ids; ask for at most {MAX_IDS} at a time")
    return json_response(questions.several(context_of(request).model, movie_ids))


@router.get(
    "/movies/search",
    summary="Search titles",
    responses={200: {"model": list[MovieName]}, **INVALID, **UNAVAILABLE},
    response_model=None,
)
async def search(request: Request, q: Text, limit: Limit = DEFAULT_N) -> Response:
    """Movies by title, without regard to case and accents: titles that begin so first, the best known of them first."""
    return json_response(questions.search(context_of(request).model, q, limit))


@router.get(
    "/movies/{movie_id}",
    summary="Get a movie",
    responses={200: {"model": Movie}, **UNKNOWN_MOVIE, **INVALID, **CLOSED, **UNAVAILABLE},
    response_model=None,
)
async def details(request: Request, movie_id: MovieId, version: Version = None) -> Response:
    """All that is known of a movie."""
    model = context_of(request).model if version is None else await chosen_model(request, version)
    return json_response(questions.details(model, movie_id))
