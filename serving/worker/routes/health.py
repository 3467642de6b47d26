"""``GET /health``, for people and for orchestrators."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.worker.context import context_of
from serving.worker.error_answers import error_response
from serving.worker.errors import NAME_OF
from serving.worker.http.json_response import UNAVAILABLE, json_response
from serving.worker.operations.health import describe_health
from serving.worker.schemas.health import Health, State
from serving.worker.state import services_of

router = APIRouter(tags=["operation"])


@router.get(
    "/health",
    summary="Check health",
    responses={200: {"model": Health}, **UNAVAILABLE},
    response_model=None,
)
async def health(request: Request) -> Response:
    """Whether the service can answer, from which model, and what is wrong."""
    context = context_of(request)
    found = describe_health(services_of(request), context)
    if found["model_loaded"]:
        return json_response(orjson.dumps(found))
    return error_response(context, 503, NAME_OF[503], found["reason"], more=found)


@router.get(
    "/health/live",
    summary="Check liveness",
    responses={200: {"model": State}},
    response_model=None,
)
async def live() -> Response:
    """Whether the process runs; it says nothing of the model."""
    return json_response(b'{"status":"alive"}')


@router.get(
    "/health/ready",
    summary="Check readiness",
    responses={200: {"model": State}, **UNAVAILABLE},
    response_model=None,
)
async def ready(request: Request) -> Response:
    """Whether requests can be answered."""
    _ = context_of(request).model
    return json_response(b'{"status":"ready"}')
