"""``POST /recommend``."""

import re
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import ValidationError
from starlette.responses import Response

from serving.worker import questions
from serving.worker.context import context_of
from serving.worker.http.json_response import CLOSED, INVALID, TOO_LARGE, UNAVAILABLE, json_response
from serving.worker.http.short_way import PlainRequest, ShortWay
from serving.worker.loaded_model import LoadedModel
from serving.worker.operations.comparison import chosen_model
from serving.worker.routes.chosen_version import Version
from serving.worker.schemas.movies import Recommendations
from serving.worker.schemas.question import Question
from serving.worker.state import Services, services_of
from serving.worker.traffic.split import Turn

router = APIRouter(tags=["recommendations"])

EXAMPLES = {
    "two ratings": {"value": {"user_ratings": {"1": 5, "50": 4.5}, "n": 10}},
    "a newcomer": {"value": {"user_ratings": {}, "n": 5}},
    "a dislike": {"value": {"user_ratings": {"1": 5, "50": 1}, "n": 10}},
    "comedies of the nineties, a second page": {
        "value": {
            "user_ratings": {"1": 5, "50": 4.5},
            "filter": {"genres": ["Comedy"], "year_from": 1990, "year_to": 1999, "exclude_movie_ids": [95, 588]},
        }
    },
    "a mixed list": {"value": {"user_ratings": {"1": 5, "50": 4.5, "56": 2}, "n": 10, "diversity": 0.5}},
}


def plain_question(services: Services, asked: PlainRequest) -> bytes | None:
    """Answer a right question for the served version."""
    if asked.query:
        return None
    try:
        question = Question.model_validate_json(asked.body)
    except ValidationError:
        return None
    if asked.turn is not None and question.user_id is not None:
        asked.name_caller(asked.turn, question.user_id)
    return answer_as_served(services, asked.model, question, asked.turn)


SHORT_WAY = ShortWay("POST", re.compile("/recommend"), "POST /recommend", plain_question)


def answer_as_served(services: Services, model: LoadedModel, question: Question, turn: Turn | None) -> bytes:
    """Answer from the version that is the caller's, or from the answers that are kept."""
    ratings = frozenset(question.user_ratings.items())
    wanted = (question.n, question.min_rating, question.diversity, question.recency, question.new, question.filter)
    key = (model.answer_key, "recommend", ratings, wanted)
    answer = services.answers.get_or_make(key, lambda: questions.recommend(model, question))
    services.metrics.versions.count(
        model.version,
        n_ratings=len(question.user_ratings),
        n_unknown=answer.n_unknown,
        is_popular=answer.is_popular,
        rows=answer.rows,
    )
    if turn is not None:
        turn.has_listed(question, answer.rows, is_popular=answer.is_popular)
    return answer.body


@router.post(
    "/recommend",
    summary="Recommend movies",
    responses={200: {"model": Recommendations}, **TOO_LARGE, **INVALID, **CLOSED, **UNAVAILABLE},
    response_model=None,
)
async def recommend(
    question: Annotated[Question, Body(openapi_examples=EXAMPLES)], request: Request, version: Version = None
) -> Response:
    """Movies for a history of ratings, best first; popular ones when the history says nothing."""
    if version is not None:
        # Past the cache of answers, which is for the served version.
        return json_response(questions.recommend(await chosen_model(request, version), question).body)
    context = context_of(request)
    context.name_caller(question.user_id)
    return json_response(answer_as_served(services_of(request), context.model, question, context.turn))
