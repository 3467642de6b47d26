"""``GET /movies/...``."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from recsys.model import DEFAULT_N
from serving import answers
from serving.context import context_of
from serving.routes.json_response import INVALID, UNAVAILABLE, UNKNOWN_MOVIE, json_response
from serving.schemas import MAX_ID, MAX_N, Movie, MovieName, SimilarMovies
from serving.services import services_of

router = APIRouter(prefix="", tags=["movies"])

MovieId = Annotated[int, Path(ge=-MAX_ID, le=MAX_ID, examples=[50], description="as MovieLens counts them")]
Limit = Annotated[int, Query(ge=1, le=MAX_N, description="at most so many")]
Text = Annotated[str, Query(min_length=1, max_length=200, examples=["toy"], description="part of a title")]


@router.get(
    "/movies/search", responses={200: {"model": list[MovieName]}, **INVALID, **UNAVAILABLE}, response_model=None
)
async def search(request: Request, q: Text, limit: Limit = DEFAULT_N) -> Response:
    """Movies by title, without regard to case and accents: titles that begin so first, the best known of them first."""
    return json_response(answers.search(context_of(request).model, q, limit))


@router.get(
    "/movies/{movie_id}",
    responses={200: {"model": Movie}, **UNKNOWN_MOVIE, **INVALID, **UNAVAILABLE},
    response_model=None,
)
async def details(request: Request, movie_id: MovieId) -> Response:
    """All that is known of a movie."""
    return json_response(answers.details(context_of(request).model, movie_id))


@router.get(
    "/movies/{movie_id}/similar",
    responses={200: {"model": SimilarMovies}, **UNKNOWN_MOVIE, **INVALID, **UNAVAILABLE},
    response_model=None,
)
async def similar(request: Request, movie_id: MovieId, n: Limit = DEFAULT_N) -> Response:
    """Movies that resemble one, most similar first."""
    snapshot = context_of(request).model
    key = (snapshot.key, "similar", movie_id, n)
    return json_response(services_of(request).answers.get_or_make(key, lambda: answers.similar(snapshot, movie_id, n)))
