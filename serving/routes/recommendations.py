"""``POST /recommend``."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from serving import answers
from serving.comparison import chosen_model
from serving.context import context_of
from serving.routes.chosen_version import CHOOSING, Version
from serving.routes.json_response import CLOSED, INVALID, TOO_LARGE, UNAVAILABLE, json_response
from serving.schemas import Question, Recommendations
from serving.services import services_of

router = APIRouter(tags=["recommendations"])

EXAMPLES = {
    "two ratings": {"value": {"user_ratings": {"1": 5, "50": 4.5}, "n": 10, "min_rating": 3.5}},
    "a newcomer": {"value": {"user_ratings": {}, "n": 5}},
    "a mixed list": {"value": {"user_ratings": {"1": 5, "50": 4.5, "56": 2}, "n": 10, "diversity": 0.5}},
}


@router.post(
    "/recommend",
    responses={200: {"model": Recommendations}, **TOO_LARGE, **INVALID, **CLOSED, **UNAVAILABLE},
    response_model=None,
    **CHOOSING,
)
async def recommend(
    question: Annotated[Question, Body(openapi_examples=EXAMPLES)], request: Request, version: Version = None
) -> Response:
    """Movies for a history of ratings, best first; popular ones when the history says nothing."""
    if version is not None:
        # Past the cache of answers, which is for the served version.
        return json_response(answers.recommend(await chosen_model(request, version), question))
    snapshot = context_of(request).model
    ratings = frozenset(question.user_ratings.items())
    key = (snapshot.key, "recommend", ratings, question.n, question.min_rating, question.diversity)
    return json_response(services_of(request).answers.get_or_make(key, lambda: answers.recommend(snapshot, question)))
