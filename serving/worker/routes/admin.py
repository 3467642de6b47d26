"""``POST /cache/clear`` and ``POST /model/reload``."""

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from serving.worker.http.json_response import CLOSED, JSON, json_response
from serving.worker.operations.admin import Operator, reload_model
from serving.worker.schemas.answer import ErrorAnswer
from serving.worker.schemas.health import CacheCleared, Reloaded

router = APIRouter(tags=["admin"])


@router.post(
    "/cache/clear",
    summary="Clear the answer cache",
    responses={200: {"model": CacheCleared}, **CLOSED},
    response_model=None,
)
async def clear_cache(services: Operator) -> Response:
    """Forget the answers that all workers keep."""
    services.answers.clear_everywhere()
    return json_response(b'{"status":"cleared"}')


@router.post(
    "/model/reload",
    summary="Reload the model",
    responses={
        200: {"model": Reloaded},
        202: {"model": Reloaded},
        **CLOSED,
        503: {"model": ErrorAnswer, "description": "the disk of the model cache takes nothing"},
    },
    response_model=None,
)
async def reload(services: Operator) -> Response:
    """Look at the registry at once instead of at the next poll, and tell what came of it."""
    outcome = await reload_model(services)
    status = 202 if outcome["status"] == "accepted" else 200
    return Response(orjson.dumps(outcome), status_code=status, media_type=JSON)
