"""``POST /feedback``."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from serving.worker.http.json_response import INVALID, JSON, TOO_LARGE
from serving.worker.state import services_of
from serving.worker.traffic.events import Feedback, FeedbackTaken
from serving.worker.traffic.feedback import take_feedback

router = APIRouter(tags=["recommendations"])

EXAMPLES: dict[str, Any] = {
    "a click": {"value": {"model_version": 1, "event": "click", "movie_id": 50, "rank": 3}},
    "several": {
        "value": [
            {"model_version": 1, "event": "watch", "movie_id": 50, "value": 0.9},
            {"model_version": 1, "event": "rating", "movie_id": 50, "value": 4.5},
        ]
    },
}


@router.post(
    "/feedback",
    summary="Tell what came of a list",
    status_code=202,
    responses={202: {"model": FeedbackTaken}, **TOO_LARGE, **INVALID},
    response_model=None,
)
async def feedback(events: Annotated[Feedback, Body(openapi_examples=EXAMPLES)], request: Request) -> Response:
    """Count what users did with a recommended movie, by the version that had recommended it; at most 100 at a time.

    Nothing is kept but counters, shown by `/metrics`, and a line of the log for each event, without the user.
    """
    services = services_of(request)
    outcome = take_feedback(events.root, services.served, services.metrics)
    return Response(orjson.dumps(outcome), status_code=202, media_type=JSON)
