"""``GET /model``, ``GET /versions`` and ``POST /versions/{version}/load``."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from serving.worker.context import context_of
from serving.worker.http.json_response import CLOSED, JSON, UNAVAILABLE, UNKNOWN_VERSION, json_response
from serving.worker.operations.admin import Comparer
from serving.worker.operations.comparison import ask_for_version, describe_model, describe_versions
from serving.worker.schemas.answer import ErrorAnswer
from serving.worker.schemas.question import MAX_VERSION
from serving.worker.schemas.versions import ModelAnswer, VersionLoad, Versions

router = APIRouter(tags=["versions"])


@router.get(
    "/model",
    summary="Get the served model",
    responses={200: {"model": ModelAnswer}, **UNAVAILABLE},
    response_model=None,
)
async def model(request: Request) -> Response:
    """Which version answers: its method, its metrics on the holdout, when it was trained, and by which run."""
    return json_response(orjson.dumps(describe_model(request)))


@router.get(
    "/versions",
    summary="List the versions",
    responses={200: {"model": Versions}, **CLOSED},
    response_model=None,
)
async def versions(services: Comparer, request: Request) -> Response:
    """List the registered versions, newest first. In production this needs the admin token."""
    return json_response(orjson.dumps(describe_versions(services, context_of(request))))


@router.post(
    "/versions/{version}/load",
    summary="Load a version",
    responses={
        200: {"model": VersionLoad},
        202: {"model": VersionLoad, "description": "under way; ask again until `state` is `ready`"},
        **CLOSED,
        **UNKNOWN_VERSION,
        503: {"model": ErrorAnswer, "description": "the registry has not been reached yet"},
    },
    response_model=None,
)
async def load(
    services: Comparer, request: Request, version: Annotated[int, Path(ge=1, le=MAX_VERSION, examples=[1])]
) -> Response:
    """Bring a version beside the served one, checked like it, so that `?version=` finds it ready.

    Two versions are held beside the served one. Asking for another lets go of the least recently used. In production
    this needs the admin token.
    """
    outcome = ask_for_version(services, context_of(request), version)
    return Response(orjson.dumps(outcome), 202 if outcome["state"] == "loading" else 200, media_type=JSON)
